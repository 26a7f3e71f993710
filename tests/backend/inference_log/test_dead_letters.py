"""Dead letters: shown with their reason, replayed, discarded."""

import base64
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.groups import log_policy
from backend.groups.errors import LegalHold
from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log import dead_letters
from backend.inference_log.record import FIELD, encode
from backend.inference_log.redis.keys import stream_key
from schemas.groups import Group, SetLegalHold
from schemas.inference import PredictBody
from schemas.log import DiscardDeadLetters, ListDeadLetters, ReplayDeadLetters
from tests.support.log_records import record
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

FAR = UUID("00000000-0000-7000-8000-000000000000")


async def with_letters(hub: Hub, served: Served) -> Group:
    """A group with three letters: no record at all, a text that PostgreSQL does not keep, an id of 1970."""
    group = await served.group(hub)
    nul = record(entity_key="a\x00b", version_id=served.serving.champion.id, inputs=served.serving.inputs)
    far = record(inference_id=FAR, version_id=served.serving.champion.id, inputs=served.serving.inputs)
    for raw in (b"no record", encode(nul), encode(far)):
        await hub.redis.xadd(stream_key(group.id), {FIELD: raw})
    await drain(hub, group)
    return group


async def test_letters_are_shown_oldest_first_with_reason_and_what_they_hold(hub: Hub, served: Served) -> None:
    group = await with_letters(hub, served)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = await dead_letters.list_letters(work, ListDeadLetters(slug=group.slug))
        first = await dead_letters.list_letters(work, ListDeadLetters(slug=group.slug, limit=1))
    assert (shown.total, len(first.letters), first.total) == (3, 1, 3)
    by_reason = {letter.reason.split(":")[0]: letter for letter in shown.letters}
    unread = by_reason["not a record"]
    assert (unread.record, base64.b64decode(unread.raw or "")) == (None, b"no record")
    stored = [letter for letter in shown.letters if letter.record]
    assert {letter.record["inputs"]["limit_bal"] for letter in stored} == {served.serving.inputs["limit_bal"]}
    assert all(letter.size_bytes > 0 and letter.reason and letter.raw is None for letter in stored)


async def test_a_letter_whose_cause_is_mended_is_replayed_into_the_log_and_the_others_come_back(hub: Hub, served: Served) -> None:
    group = await with_letters(hub, served)
    answered = (await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs)))[0].inference_id
    async with hub.work(served.tenant.admin) as work:  # its week was missing: here it is
        await work.session.execute(text("SELECT add_import_partitions(:g, '2000-01-03', '2000-01-04')"), {"g": group.id})
    async with hub.work(served.tenant.admin) as work:
        assert (await dead_letters.replay(work, ReplayDeadLetters(slug=group.slug))).moved == 3
    assert await drain(hub, group) == 4
    assert set(await logged(hub, served.tenant, group)) == {answered}
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert (await dead_letters.list_letters(work, ListDeadLetters(slug=group.slug))).total == 3


async def test_a_replayed_letter_that_can_be_stored_becomes_its_row_once(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    lost = new_id()
    unreadable = record(inference_id=lost, version_id=served.serving.champion.id, inputs=served.serving.inputs, role="nobody")
    await hub.redis.xadd(stream_key(group.id), {FIELD: encode(unreadable)})
    await drain(hub, group)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        (letter,) = (await dead_letters.list_letters(work, ListDeadLetters(slug=group.slug))).letters
    assert "role" in letter.reason
    raw = (await dead_letters.read(hub, group.id))[0]
    await dead_letters.remove(hub, group.id, [raw])
    await hub.redis.xadd(stream_key(group.id), {FIELD: encode(record(inference_id=lost, version_id=served.serving.champion.id, inputs=served.serving.inputs))})
    await drain(hub, group)
    assert set(await logged(hub, served.tenant, group)) == {lost}


async def test_discarding_is_audited_with_what_it_was_and_why(hub: Hub, served: Served) -> None:
    group = await with_letters(hub, served)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        shown = (await dead_letters.list_letters(work, ListDeadLetters(slug=group.slug))).letters
    async with hub.work(served.tenant.admin) as work:
        gone = await dead_letters.discard(work, DiscardDeadLetters(slug=group.slug, entry_ids=[shown[0].entry_id, shown[2].entry_id], reason="made by a test"))
    assert gone.moved == 2
    async with hub.work(served.tenant.admin, read_only=True) as work:
        left = await dead_letters.list_letters(work, ListDeadLetters(slug=group.slug))
        entry = (
            await work.session.execute(
                text("SELECT before, after FROM audit_entries WHERE action = 'inference.discardDeadLetters' AND subject = :s"), {"s": f"group:{group.slug}"}
            )
        ).one()
    assert [letter.entry_id for letter in left.letters] == [shown[1].entry_id]
    assert entry.after == {"discarded": 2, "reason": "made by a test"}
    assert str(FAR) in {one["inference_id"] for one in entry.before}


async def test_under_a_legal_hold_nothing_is_discarded(hub: Hub, served: Served) -> None:
    group = await with_letters(hub, served)
    (first, *_) = await dead_letters.read(hub, group.id)
    async with hub.work(served.tenant.admin) as work:
        await log_policy.set_legal_hold(work, SetLegalHold(slug=group.slug, reason="case 20"))
    with pytest.raises(LegalHold, match="case 20"):
        async with hub.work(served.tenant.admin) as work:
            await dead_letters.discard(work, DiscardDeadLetters(slug=group.slug, entry_ids=[first.entry_id], reason="made by a test"))
    assert len(await dead_letters.read(hub, group.id)) == 3
