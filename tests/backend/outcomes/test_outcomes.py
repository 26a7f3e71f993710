"""The truth: late, early, twice, corrected, for nobody."""

import asyncio
import time
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text

from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.outcomes import service as outcomes
from backend.outcomes.errors import InvalidOutcome
from backend.outcomes.orphans import orphans
from schemas.groups import Group
from schemas.inference import Outcome, OutcomesReceipt, PredictBody, RecordOutcomes
from schemas.log import ListOrphans
from tests.support.log_records import record
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served


async def tell(hub: Hub, served: Served, group: Group, *told: Outcome) -> OutcomesReceipt:
    async with hub.work(served.tenant.admin) as work:
        return await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=list(told)))


async def predicted(hub: Hub, served: Served, group: Group, **given: Any) -> UUID:
    body = PredictBody(inputs=served.serving.inputs, **given)
    return (await ask(hub, served.tenant, group, body))[0].inference_id


async def row(hub: Hub, served: Served, group: Group, inference_id: UUID) -> dict[str, Any]:
    return (await logged(hub, served.tenant, group))[inference_id]


async def test_late_then_twice_then_corrected(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    one = await predicted(hub, served, group)
    await drain(hub, group)
    assert (await tell(hub, served, group, Outcome(inference_id=one, actual=1))).applied == 1
    assert (await tell(hub, served, group, Outcome(inference_id=one, actual=1))).duplicate == 1
    assert (await tell(hub, served, group, Outcome(inference_id=one, actual=0))).corrected == 1
    kept = await row(hub, served, group, one)
    assert kept["actual"] == 0
    assert [entry["actual"] for entry in kept["actual_history"]] == [1]
    assert kept["actual_history"][0]["replaced_by"] == served.tenant.admin.name


async def test_early_outcomes_wait_and_are_applied_when_their_inference_arrives(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    one = await predicted(hub, served, group)
    two = await predicted(hub, served, group, correlation_id="order-7")
    early = [Outcome(inference_id=one, actual=1), Outcome(correlation_id="order-7", actual=1), Outcome(correlation_id="order-7", actual=0)]
    receipt = await tell(hub, served, group, *early)
    assert (receipt.waiting, receipt.applied) == (3, 0)
    assert (await tell(hub, served, group, early[0])).duplicate == 1
    await drain(hub, group)
    assert (await row(hub, served, group, one))["actual"] == 1
    corrected = await row(hub, served, group, two)
    assert (corrected["actual"], [entry["actual"] for entry in corrected["actual_history"]]) == (0, [1])
    async with hub.work(served.tenant.admin, read_only=True) as work:
        waiting = text("SELECT count(*) FROM outcomes WHERE group_id = :g AND applied_at IS NULL")
        assert (await work.session.execute(waiting, {"g": group.id})).scalar_one() == 0


async def test_an_orphan_is_reported_as_waiting_and_known_again(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    orphan = Outcome(inference_id=new_id(), actual=1)
    assert (await tell(hub, served, group, orphan)).waiting == 1
    assert (await tell(hub, served, group, orphan)).duplicate == 1


async def test_one_outcome_for_a_batch_is_refused_with_its_size_and_each_row_takes_one_of_its_own(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    body = PredictBody(inputs=[served.serving.inputs] * 3, correlation_id="batch-1")
    answered = await ask(hub, served.tenant, group, body)
    await drain(hub, group)
    with pytest.raises(InvalidOutcome) as refused:
        await tell(hub, served, group, Outcome(correlation_id="batch-1", actual=1))
    (issue,) = refused.value.issues
    assert issue.pointer == "/outcomes/0/correlation_id"
    assert "3 inputs of one request" in issue.message
    each = [Outcome(inference_id=one.inference_id, actual=number % 2) for number, one in enumerate(answered)]
    assert (await tell(hub, served, group, *each)).applied == 3
    rows = await logged(hub, served.tenant, group)
    assert [rows[one.inference_id]["actual"] for one in answered] == [0, 1, 0]


@pytest.mark.parametrize("early", [False, True])
async def test_a_request_sent_again_without_a_key_is_one_case_with_one_outcome(hub: Hub, served: Served, early: bool) -> None:
    group = await served.group(hub)
    told = Outcome(correlation_id="order-9", actual=1)
    if early:
        assert (await tell(hub, served, group, told)).waiting == 1
    body = PredictBody(inputs=served.serving.inputs, correlation_id="order-9", entity_key="applicant-1")
    ids = [(await ask(hub, served.tenant, group, body))[0].inference_id for _ in range(3)]
    (other,) = await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs, correlation_id="order-9", entity_key="applicant-2"))
    await drain(hub, group)
    receipt = await tell(hub, served, group, told)
    assert (receipt.applied, receipt.duplicate, receipt.repeats) == ((0, 1, 2) if early else (1, 0, 2))
    rows = await logged(hub, served.tenant, group)
    assert [rows[one]["actual"] for one in ids] == [1, None, None]
    assert rows[other.inference_id]["actual"] == 1


async def test_a_batch_takes_no_outcome_that_was_told_before_it(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await tell(hub, served, group, Outcome(correlation_id="batch-2", actual=1))
    await ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * 2, correlation_id="batch-2"))
    await drain(hub, group)
    assert [one["actual"] for one in (await logged(hub, served.tenant, group)).values()] == [None, None]


async def test_the_replay_of_a_dated_outcome_that_was_corrected_since_changes_nothing(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    one = await predicted(hub, served, group)
    await drain(hub, group)
    first = Outcome(inference_id=one, actual=1, at=datetime(2026, 11, 1, tzinfo=UTC))
    second = Outcome(inference_id=one, actual=0, at=datetime(2026, 11, 2, tzinfo=UTC))
    receipt = await tell(hub, served, group, first, second, first)
    assert (receipt.applied, receipt.corrected, receipt.duplicate) == (1, 1, 1)
    assert (await row(hub, served, group, one))["actual"] == 0


async def test_told_while_the_log_is_being_written_no_outcome_is_lost(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    ids = [answer.inference_id for answer in await ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * 400))]

    async def tell_all() -> None:
        for start in range(0, 400, 20):
            await tell(hub, served, group, *[Outcome(inference_id=one, actual=1) for one in ids[start : start + 20]])

    await asyncio.gather(tell_all(), drain(hub, group))
    assert all(one["actual"] == 1 for one in (await logged(hub, served.tenant, group)).values())


@pytest.mark.busy
async def test_thousands_at_once_are_quick(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    ids: list[UUID] = []
    for _ in range(5):
        ids += [answer.inference_id for answer in await ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * 1000))]
    await drain(hub, group)
    started = time.monotonic()
    receipt = await tell(hub, served, group, *[Outcome(inference_id=one, actual=number % 2) for number, one in enumerate(ids)])
    assert receipt.applied == 5000
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("told", "pointer"),
    [
        (Outcome(actual=1), "/outcomes/0"),
        (Outcome(actual=float("inf"), correlation_id="a"), "/outcomes/0/actual"),
        (Outcome(actual=1.1e12, correlation_id="a"), "/outcomes/0/actual"),
        (Outcome(actual=-1e200, correlation_id="a"), "/outcomes/0/actual"),
        (Outcome(actual=1, correlation_id="a\x00"), "/outcomes/0/correlation_id"),
        (Outcome(actual=1, correlation_id="a", at=datetime(2026, 1, 1)), "/outcomes/0/at"),  # noqa: DTZ001
    ],
)
async def test_an_outcome_that_says_nothing_usable_is_refused_by_pointer(hub: Hub, served: Served, told: Outcome, pointer: str) -> None:
    with pytest.raises(InvalidOutcome) as refused:
        await tell(hub, served, served.serving.group, told)
    assert [issue.pointer for issue in refused.value.issues] == [pointer]


async def refusal(hub: Hub, served: Served, group: Group, *told: Outcome) -> list[str]:
    with pytest.raises(InvalidOutcome) as refused:
        await tell(hub, served, group, *told)
    assert {issue.message for issue in refused.value.issues} == {outcomes.YES_OR_NO}
    return [issue.pointer for issue in refused.value.issues]


async def test_the_outcome_of_a_probability_is_whether_it_happened(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    one, two = await predicted(hub, served, group), await predicted(hub, served, group, correlation_id="order-8")
    await drain(hub, group)
    wrong = [Outcome(inference_id=one, actual=1), Outcome(inference_id=one, actual=10), Outcome(correlation_id="order-8", actual=2)]
    assert await refusal(hub, served, group, *wrong) == ["/outcomes/1/actual", "/outcomes/2/actual"]
    assert (await row(hub, served, group, one))["actual"] is None, "a batch is taken in whole or not at all"
    assert await refusal(hub, served, group, Outcome(correlation_id="not-yet", actual=0.5)) == ["/outcomes/0/actual"]
    said = msgspec.json.decode(b'[{"actual": true, "correlation_id": "order-8"}, {"actual": false, "correlation_id": "not-yet"}]', type=list[Outcome])
    receipt = await tell(hub, served, group, *said)
    assert (receipt.applied, receipt.waiting) == (1, 1)
    assert (await row(hub, served, group, two))["actual"] == 1.0


async def test_the_outcome_of_a_number_is_any_number(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    made = record(version_id=group.phase.members[0].version_id, output={"score": 41.5, "margin": None, "probability": None}, score=41.5)
    async with hub.work(served.tenant.admin) as work:
        assert not await write(work, LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name), [row_of(made, None, None)])
    receipt = await tell(hub, served, group, Outcome(inference_id=made.inference_id, actual=1e12), Outcome(correlation_id="not-yet", actual=-40.25))
    assert (receipt.applied, receipt.waiting) == (1, 1)


async def test_an_outcome_that_came_early_and_cannot_be_that_of_its_inference_waits_on(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    one = await predicted(hub, served, group)
    assert (await tell(hub, served, group, Outcome(inference_id=one, actual=10))).waiting == 1
    await drain(hub, group)
    assert (await row(hub, served, group, one))["actual"] is None
    async with hub.work(served.tenant.admin, read_only=True) as work:
        orphaned = await orphans(work, ListOrphans(slug=group.slug, older_than_days=0))
    assert [entry.actual for entry in orphaned.outcomes] == [10]
    assert (await tell(hub, served, group, Outcome(inference_id=one, actual=1))).applied == 1
