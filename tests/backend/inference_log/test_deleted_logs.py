"""What of a deleted group comes late, could not be stored, or is to be forgotten."""

from typing import Any

import msgspec
import pytest
from sqlalchemy import text

from backend.groups import log_policy
from backend.groups.errors import LegalHold
from backend.hub import Hub
from backend.inference_log import erasure
from backend.inference_log.archives import archive
from backend.inference_log.archives import dead_letters as archived_dead_letters
from backend.inference_log.errors import LogUnavailable
from backend.inference_log.intake import Intake
from backend.inference_log.record import FIELD, encode
from backend.inference_log.redis.keys import stream_key
from backend.outcomes import service as outcomes
from schemas.groups import SetLegalHold
from schemas.inference import Outcome, RecordOutcomes
from tests.support.archives import ENTITIES, add, archived, erase, folder_of, old_record, once_drafted, rows_in, with_entities
from tests.support.predictions import drain, logged
from tests.support.served import Served


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
    kept = folder_of(hub, group) / archived_dead_letters.NAME
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
