"""Archives that several write at once, or that somebody was cut off from, hold what the log held and nothing that was to be forgotten."""

import asyncio
import time
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from backend.adapters import local_files
from backend.hub import Hub
from backend.inference_log import retention
from backend.inference_log.archives import erasure as archive_erasure
from backend.inference_log.archives import manifest as archive_manifest
from backend.inference_log.archives.manifest import hold, settle
from backend.inference_log.errors import ArchivesBusy, ArchiveUnreadable
from backend.outcomes import service as outcomes
from schemas.inference import Outcome, RecordOutcomes
from schemas.log import Erasure
from tests.support.archives import ENTITIES, add, erase, folder_of, let_go, old_record, once_drafted, rows_in, week_in, with_entities
from tests.support.log_records import manifest_beside
from tests.support.predictions import logged
from tests.support.served import Served


async def test_two_erasures_at_once_leave_neither_entity_and_true_manifests(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    real = archive_erasure.rewrite

    def slowly(*given: Any) -> archive_erasure.Rewritten | None:
        rewritten = real(*given)
        time.sleep(0.5)
        return rewritten

    monkeypatch.setattr(archive_erasure, "rewrite", slowly)
    done = await asyncio.gather(*(erase(hub, served, group, key) for key in ENTITIES[:2]))
    assert [one.archived_rows for one in done] == [1, 1]
    rows = rows_in(folder_of(hub, group))
    assert {row["entity_key"] for row in rows} == {None, "client-3"}
    assert sum(said.erased_rows for path in folder_of(hub, group).glob("*.parquet") if (said := manifest_beside(path))) == 2


async def test_an_erasure_while_a_week_is_archived_reaches_the_archive(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    erasing: list[asyncio.Task[Erasure]] = []

    async def begin() -> None:
        erasing.append(asyncio.create_task(erase(hub, served, group, "client-1")))
        await asyncio.sleep(0.5)

    once_drafted(monkeypatch, retention, begin)
    assert await let_go(hub, group)
    assert (await erasing[0]).archived_rows == 1
    assert {row["entity_key"] for row in rows_in(folder_of(hub, group))} == {None, "client-2", "client-3"}


async def test_an_outcome_corrected_while_its_week_is_archived_is_in_the_archive(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)

    async def tell(actual: float) -> None:
        async with hub.work(served.tenant.admin) as work:
            await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=[Outcome(correlation_id="review-client-1", actual=actual)]))

    await tell(1)
    once_drafted(monkeypatch, retention, lambda: tell(0))
    assert await let_go(hub, group)
    assert {row["entity_key"]: row["actual"] for row in rows_in(folder_of(hub, group))} == {"client-1": 0.0, "client-2": None, "client-3": None}


async def test_a_week_that_keeps_changing_is_kept(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    real = retention.draft
    told = iter(range(100))

    async def drafting(*said: Any) -> Any:
        drafted = await real(*said)
        async with hub.work(served.tenant.admin) as work:
            await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=[Outcome(correlation_id="review-client-1", actual=next(told))]))
        return drafted

    monkeypatch.setattr(retention, "draft", drafting)
    with pytest.raises(retention.ArchiveUnsound, match="changed at every attempt"):
        await let_go(hub, group)
    assert len(await logged(hub, served.tenant, group)) == 3


async def test_rows_imported_into_a_week_that_is_gone_get_an_archive_beside_it(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    await add(hub, group, [old_record(served, 13.00001, "client-4")])
    await let_go(hub, group)
    assert {row["entity_key"] for row in rows_in(folder_of(hub, group))} == {*ENTITIES, "client-4"}
    assert [pq.read_metadata(path).num_rows for path in sorted(folder_of(hub, group).glob("week-*-2.parquet"))] == [1]


@pytest.mark.parametrize("step", range(6))
async def test_whoever_is_cut_off_while_an_archive_takes_its_place_leaves_it_true(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    real, places = local_files.place, iter(range(9))

    def cut_off(draft: Path, path: Path) -> None:
        if next(places) == step:
            raise KeyboardInterrupt
        real(draft, path)

    path = week_in(folder_of(hub, group))
    said = manifest_beside(path)
    assert said
    rewritten = archive_erasure.rewrite(hub.files, archive_erasure.Archived(f"archives/{group.id}/{path.name}", said), "client-1")
    assert rewritten
    monkeypatch.setattr(local_files, "place", cut_off)
    with pytest.raises(KeyboardInterrupt):
        rewritten.put(hub.files)
    monkeypatch.setattr(local_files, "place", real)
    settle(hub.files, f"archives/{group.id}")
    gone = {row["entity_key"] for row in rows_in(path.parent)} == {None, "client-2", "client-3"}
    assert gone == (step > 2), "either all of it happened or nothing"
    await erase(hub, served, group, "client-1")
    assert "client-1" not in {row["entity_key"] for row in rows_in(path.parent)}


async def test_an_export_that_was_cut_off_keeps_nobody_from_being_forgotten(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    folder = folder_of(hub, group)
    folder.mkdir(parents=True)
    (folder / "week-20260105.parquet").write_bytes(b"PAR1 and no end")
    assert (await erase(hub, served, group, "client-1")).rows == 1
    await let_go(hub, group)
    assert len(rows_in(folder)) == 3


async def test_an_archive_that_cannot_be_read_is_named(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    path = week_in(folder_of(hub, group))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ArchiveUnreadable, match=path.name):
        await erase(hub, served, group, "client-1")


async def test_who_waits_too_long_for_the_archives_is_told(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    monkeypatch.setattr(archive_manifest, "WAIT_SECONDS", 0.3)
    async with hub.work(served.tenant.admin) as work:
        await hold(work.session, group.id)
        with pytest.raises(ArchivesBusy):
            await erase(hub, served, group, "client-1")
