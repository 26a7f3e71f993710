"""Archives that several write at once, or that somebody was cut off from, hold what the log held and nothing that was to be forgotten."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from backend.access.actor import system
from backend.bootstrap import Hub
from backend.groups import delete, log_policy
from backend.groups.errors import LegalHold
from backend.ids import first_id_at
from backend.inference import outcomes
from backend.inference.errors import ArchivesBusy, ArchiveUnreadable, LogUnavailable
from backend.inference.log import archive, erasure, forgetting, kept_letters, manifest, retention
from backend.inference.log.intake import Intake
from backend.inference.log.manifest import hold, read_manifest, settle
from backend.inference.log.record import FIELD, Record, encode, stream_key
from backend.inference.log.rows import rows_of
from backend.inference.log.writer import Partitions, write
from schemas.groups import DeleteGroup, Group, SetLegalHold
from schemas.inference import Outcome, RecordOutcomes
from schemas.log import EraseEntity, Erasure
from tests.backend.inference.records import record
from tests.backend.inference.test_retention import ref_of, set_rule
from tests.support.predictions import drain, logged
from tests.support.served import Served

ENTITIES = ("client-1", "client-2", "client-3")


def old_record(served: Served, days: float, entity: str, **facts: Any) -> Record:
    identifier = first_id_at(datetime.now(UTC) - timedelta(days=days))
    said = {"version_id": served.serving.champion.id, "inputs": served.serving.inputs, "entity_key": entity, "correlation_id": f"review-{entity}", **facts}
    return record(inference_id=identifier, **said)


async def add(hub: Hub, group: Group, records: list[Record]) -> None:
    ref = await ref_of(hub, group)
    await Partitions(hub).cover(ref, [one.inference_id for one in records])
    async with hub.work(ref.actor) as work:
        assert await write(work, ref, rows_of(records, {}, work.now)) == []


async def with_entities(hub: Hub, served: Served) -> Group:
    """A group with an old row of each entity, which its rule no longer keeps."""
    group = await served.group(hub)
    await add(hub, group, [old_record(served, 13 - at / 1e6, entity) for at, entity in enumerate(ENTITIES)])
    await set_rule(hub, served, group, 2)
    return group


async def let_go(hub: Hub, group: Group) -> list[str]:
    return await retention.keep_log(hub, await ref_of(hub, group))


async def erase(hub: Hub, served: Served, group: Group, key: str) -> Erasure:
    async with hub.work(served.tenant.admin) as work:
        return await erasure.erase(work, EraseEntity(slug=group.slug, entity_key=key, confirm=key, reason="asked to be forgotten"))


async def archived(hub: Hub, served: Served, group: Group) -> Any:
    async with hub.work(served.tenant.admin) as work:
        await delete.delete(work, DeleteGroup(slug=group.slug, confirm=group.slug))
    return await archive.archive(hub, system(served.tenant.admin.tenant_id), group.id)


def folder_of(hub: Hub, group: Group) -> Path:
    return hub.files / "archives" / str(group.id)


def week_in(folder: Path) -> Path:
    """The archive that has rows; empty weeks are archived as well."""
    (path,) = (path for path in folder.glob("*.parquet") if pq.read_metadata(path).num_rows)
    return path


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """The rows of all archives of a folder, each of which is what its manifest says."""
    rows = []
    for path in sorted(folder.glob("*.parquet")):
        said = read_manifest(path)
        assert said is not None
        mine = pq.read_table(path).to_pylist()
        assert (said.sha256, said.rows) == (hashlib.sha256(path.read_bytes()).hexdigest(), len(mine))
        rows += mine
    assert not [path for path in folder.iterdir() if path.suffix in (".draft", ".next")]
    return rows


def once_drafted(monkeypatch: pytest.MonkeyPatch, module: Any, action: Callable[[], Awaitable[None]]) -> None:
    """Do something between the first export of rows and the drop."""
    real, done = module.draft, []

    async def drafting(*said: Any) -> Any:
        drafted = await real(*said)
        if drafted.manifest.rows and not done:
            done.append(True)
            await action()
        return drafted

    monkeypatch.setattr(module, "draft", drafting)


async def test_two_erasures_at_once_leave_neither_entity_and_true_manifests(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    real = forgetting.rewrite

    def slowly(path: Path, entity_key: str) -> forgetting.Rewritten | None:
        rewritten = real(path, entity_key)
        time.sleep(0.5)
        return rewritten

    monkeypatch.setattr(forgetting, "rewrite", slowly)
    done = await asyncio.gather(*(erase(hub, served, group, key) for key in ENTITIES[:2]))
    assert [one.archived_rows for one in done] == [1, 1]
    rows = rows_in(folder_of(hub, group))
    assert {row["entity_key"] for row in rows} == {None, "client-3"}
    assert sum(said.erased_rows for path in folder_of(hub, group).glob("*.parquet") if (said := read_manifest(path))) == 2


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
    with pytest.raises(retention.ArchiveUnsound, match="changed whenever"):
        await let_go(hub, group)
    assert len(await logged(hub, served.tenant, group)) == 3


async def test_rows_imported_into_a_week_that_is_gone_get_an_archive_beside_it(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    await add(hub, group, [old_record(served, 13.00001, "client-4")])
    await let_go(hub, group)
    assert {row["entity_key"] for row in rows_in(folder_of(hub, group))} == {*ENTITIES, "client-4"}
    assert [pq.read_metadata(path).num_rows for path in sorted(folder_of(hub, group).glob("week-*-2.parquet"))] == [1]


@pytest.mark.parametrize("step", range(3))
async def test_whoever_is_cut_off_while_an_archive_takes_its_place_leaves_it_true(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    group = await with_entities(hub, served)
    await let_go(hub, group)
    real, places = manifest.place, iter(range(9))

    def cut_off(draft: Path, path: Path) -> None:
        if next(places) == step:
            raise KeyboardInterrupt
        real(draft, path)

    path = week_in(folder_of(hub, group))
    rewritten = forgetting.rewrite(path, "client-1")
    assert rewritten
    monkeypatch.setattr(manifest, "place", cut_off)
    with pytest.raises(KeyboardInterrupt):
        rewritten.put()
    monkeypatch.setattr(manifest, "place", real)
    settle(path.parent)
    gone = {row["entity_key"] for row in rows_in(path.parent)} == {None, "client-2", "client-3"}
    assert gone == (step == 2), "either all of it happened or nothing"
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
    monkeypatch.setattr(manifest, "WAIT_SECONDS", 0.3)
    async with hub.work(served.tenant.admin) as work:
        await hold(work.session, group.id)
        with pytest.raises(ArchivesBusy):
            await erase(hub, served, group, "client-1")


async def test_a_hold_set_while_an_erasure_waits_for_the_intake_keeps_the_log(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    real = erasure.pass_intake

    async def passing(*said: Any) -> None:
        await real(*said)
        async with hub.work(served.tenant.admin) as work:
            await log_policy.set_legal_hold(work, SetLegalHold(slug=group.slug, reason="case 21"))

    monkeypatch.setattr(erasure, "pass_intake", passing)
    with pytest.raises(LegalHold, match="case 21"):
        await erase(hub, served, group, "client-1")
    assert {row["entity_key"] for row in (await logged(hub, served.tenant, group)).values()} == set(ENTITIES)


async def test_a_row_that_comes_while_a_deleted_groups_log_is_archived_is_archived_too(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await with_entities(hub, served)
    once_drafted(monkeypatch, archive, lambda: add(hub, group, [old_record(served, 0, "client-4")]))
    assert (await archived(hub, served, group))["rows"] == 4
    assert {row["entity_key"] for row in rows_in(folder_of(hub, group))} == {*ENTITIES, "client-4"}


async def test_an_answer_that_comes_after_its_groups_log_is_gone_is_not_given(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    await archived(hub, served, group)
    intake = Intake(hub)
    with pytest.raises(LogUnavailable):
        await intake.append(group.id, [old_record(served, 0, "client-4")])
    await intake.close()
    assert await hub.redis.exists(stream_key(group.id)) == 0


async def test_a_deleted_groups_dead_letters_are_archived_and_can_be_forgotten(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    for entity in ENTITIES[:2]:
        await hub.redis.xadd(stream_key(group.id), {FIELD: encode(old_record(served, 0, entity, role="nobody"))})
    await hub.redis.xadd(stream_key(group.id), {FIELD: b"no record"})
    await drain(hub, group)
    said = await archived(hub, served, group)
    assert (said["rows"], said["dead_letters"]) == (3, 3)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        found = text("SELECT after FROM audit_entries WHERE action = 'groups.archived' AND subject = :s")
        assert (await work.session.execute(found, {"s": f"group:{group.slug}"})).scalar_one() == said
    kept = folder_of(hub, group) / kept_letters.NAME
    lines = [msgspec.json.decode(line) for line in kept.read_bytes().splitlines()]
    assert {line["record"] and line["record"]["entity_key"] for line in lines} == {"client-1", "client-2", None}
    assert (await erase(hub, served, group, "client-1")).dead_letters == 1
    assert b"client-1" not in kept.read_bytes()
    assert len(kept.read_bytes().splitlines()) == 2


async def test_the_ledger_no_longer_names_archived_rows_by_what_the_entity_was_asked_with(hub: Hub, served: Served) -> None:
    group = await with_entities(hub, served)
    await add(hub, group, [old_record(served, 12, "client-3", correlation_id="review-client-2")])
    told = [Outcome(correlation_id=f"review-{entity}", actual=1) for entity in ENTITIES]
    async with hub.work(served.tenant.admin) as work:
        await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=told))
    await archived(hub, served, group)
    for entity, unnamed in (("client-1", 1), ("client-2", 0)):
        assert (await erase(hub, served, group, entity)).outcomes == unnamed
    async with hub.work(served.tenant.admin, read_only=True) as work:
        ledger = (await work.session.execute(text("SELECT correlation_id FROM outcomes WHERE group_id = :g ORDER BY id"), {"g": group.id})).scalars().all()
    assert list(ledger) == [None, "review-client-2", "review-client-3"], "a correlation id that another entity has too stays"
