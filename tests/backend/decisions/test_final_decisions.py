"""Final decisions: late, early, twice, revised, for an unknown id; the overrides that follow."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.decisions import final
from backend.decisions.errors import InvalidDecision
from backend.decisions.override_figures import overrides
from backend.decisions.rules import ToldDecision, details, known_of, tell
from backend.hub import Hub
from backend.ids import new_id, shadow_id
from backend.inference_log.erasure import erase
from schemas.decisions import AskOverrides, DecisionsReceipt, FinalDecision, RecordDecisions
from schemas.groups import Group, MemberRole
from schemas.inference import PredictBody, Prediction
from schemas.log import EraseEntity
from tests.support.decisions import cut_at, split, with_rule
from tests.support.group import Serving, serve_group
from tests.support.predictions import ask, drain, logged
from tests.support.tenants import Tenant

DAY = datetime(2026, 11, 1, tzinfo=UTC)


async def tell_all(hub: Hub, tenant: Tenant, group: Group, *decisions: FinalDecision) -> DecisionsReceipt:
    async with hub.work(tenant.admin) as work:
        return await final.record(work, RecordDecisions(slug=group.slug, decisions=list(decisions)))


def said(inference_id: UUID, decision: str, *, by: str = "ann", days: int | None = None, group: str | None = None) -> FinalDecision:
    at = None if days is None else DAY + timedelta(days=days)
    return FinalDecision(inference_id=inference_id, decision=decision, by=by, at=at, group=group)


async def decided(hub: Hub, tenant: Tenant, serving: Serving) -> Group:
    """The serving group, its champion approving everybody, its challenger as a shadow that declines everybody."""
    champion = await with_rule(hub, tenant, serving.champion, cut_at(1e9))
    shadow = await with_rule(hub, tenant, serving.challenger, cut_at(-1e9))
    return await split(hub, tenant, serving.group.slug, (champion, MemberRole.CHAMPION, 10_000), (shadow, MemberRole.SHADOW, 0))


async def asked(hub: Hub, tenant: Tenant, group: Group, serving: Serving, **beside: str) -> Prediction:
    (answer,) = await ask(hub, tenant, group, PredictBody(inputs=serving.inputs, **beside))  # type: ignore[arg-type]
    return answer


async def test_late_twice_revised_and_unknown(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    group = await decided(hub, tenant, serving)
    answer = await asked(hub, tenant, group, serving)
    await hub.serving.predictor(hub).close()
    await drain(hub, group)
    one = said(answer.inference_id, "decline")
    first = await tell_all(hub, tenant, group, one)
    assert (first.applied, first.overrides) == (1, 1)
    assert (await tell_all(hub, tenant, group, one)).duplicate == 1
    revised = await tell_all(hub, tenant, group, said(answer.inference_id, "approve", by="bob"), said(new_id(), "refer"))
    assert (revised.revised, revised.waiting, revised.overrides) == (1, 1, 0)
    rows = await logged(hub, tenant, group)
    row = rows[answer.inference_id]
    assert row["final_decision"] == "approve"
    kept = row["final_details"]
    assert isinstance(kept, dict)
    assert (kept["by"], [entry["decision"] for entry in kept["history"]]) == ("bob", ["decline"])
    shadow = next(member.version_id for member in group.phase.members if member.role == "shadow")
    assert rows[shadow_id(answer.inference_id, shadow)]["final_decision"] == "approve"


async def test_early_by_correlation_id_meets_its_inference_and_an_erased_entity_leaves_no_correlation_id(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    group = await decided(hub, tenant, serving)
    name, entity = uuid4().hex, uuid4().hex
    early = FinalDecision(correlation_id=name, decision="refer", by="policy 7", kind="policy", reason="R3")
    assert (await tell_all(hub, tenant, group, early)).waiting == 1
    assert (await tell_all(hub, tenant, group, early)).duplicate == 1
    answer = await asked(hub, tenant, group, serving, correlation_id=name, entity_key=entity)
    repeat = await asked(hub, tenant, group, serving, correlation_id=name, entity_key=entity)
    await hub.serving.predictor(hub).close()
    await drain(hub, group)
    rows = await logged(hub, tenant, group)
    assert rows[answer.inference_id]["final_decision"] == "refer"
    assert rows[repeat.inference_id]["final_decision"] is None, "the first inference of an entity is the case"
    async with hub.work(tenant.admin) as work:
        await erase(work, EraseEntity(slug=group.slug, entity_key=entity, confirm=entity, reason="asked"))
    assert (await tell_all(hub, tenant, group, FinalDecision(correlation_id=name, decision="refer", by="x"))).waiting == 1
    assert (await logged(hub, tenant, group))[answer.inference_id]["final_decision"] == "refer"


async def test_a_batch_under_one_correlation_id_needs_inference_ids_and_a_misspelt_decision_is_refused(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    name = uuid4().hex
    await ask(hub, tenant, serving.group, PredictBody(inputs=[serving.inputs] * 2, correlation_id=name))
    await drain(hub, serving.group)
    with pytest.raises(InvalidDecision) as refused:
        await tell_all(hub, tenant, serving.group, FinalDecision(correlation_id=name, decision="approve", by="ann"))
    assert refused.value.issues[0].pointer == "/decisions/0/correlation_id"
    with pytest.raises(InvalidDecision) as refused:
        await tell_all(hub, tenant, serving.group, said(new_id(), "aprove"), FinalDecision(decision="approve", by="ann", inference_id=new_id()))
    assert [(issue.pointer, "known are approve, refer, decline" in issue.message) for issue in refused.value.issues] == [("/decisions/0/decision", True)]
    with pytest.raises(InvalidDecision) as refused:
        await tell_all(hub, tenant, serving.group, FinalDecision(decision="approve", by=" "))
    assert [issue.pointer for issue in refused.value.issues] == ["/decisions/0", "/decisions/0/by"]


async def test_override_figures_by_version_direction_segment_and_group_of_persons(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    group = await decided(hub, tenant, serving)
    answers = [(await ask(hub, tenant, group, PredictBody(inputs=serving.inputs, segments={"branch": "north" if at < 6 else "south"})))[0] for at in range(10)]
    await hub.serving.predictor(hub).close()
    await drain(hub, group)
    told = [said(one.inference_id, "decline" if at < 3 else "approve", group="desk 1" if at < 4 else "desk 2") for at, one in enumerate(answers[:8])]
    receipt = await tell_all(hub, tenant, group, *told)
    assert (receipt.applied, receipt.overrides) == (8, 3)
    async with hub.work(tenant.admin) as work:
        found = await overrides(work, AskOverrides(slug=group.slug, segment="branch"))
    assert (found.recommended, found.total.told, found.total.overridden) == (10, 8, 3)
    assert found.total.interval is not None
    assert found.total.interval.low < 3 / 8 < found.total.interval.high
    assert [(one.recommended, one.final, one.overridden, one.told) for one in found.by_direction] == [("approve", "decline", 3, 8)]
    assert {one.name: (one.overridden, one.told) for one in found.by_segment} == {"north": (3, 6), "south": (0, 2)}
    assert {one.name: (one.overridden, one.told) for one in found.by_person_group} == {"desk 1": (3, 4), "desk 2": (0, 4)}


TOLD = st.builds(
    ToldDecision,
    decision=st.sampled_from(["approve", "decline", "refer"]),
    by=st.sampled_from(["ann", "bob"]),
    kind=st.just("person"),
    at=st.integers(0, 3).map(lambda days: DAY + timedelta(days=days)),
)


@given(st.lists(TOLD, max_size=8), st.randoms())
def test_the_final_decision_is_the_same_in_whatever_order_dated_decisions_come(told: list[ToldDecision], random: object) -> None:
    def outcome(decisions: Sequence[ToldDecision]) -> Sequence[ToldDecision]:
        known: Sequence[ToldDecision] = []
        for one in decisions:
            known, _ = tell(known, one, dated=True)
        return known

    shuffled = list(told)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert outcome(told) == outcome(shuffled) == outcome([*shuffled, *told])
    known = outcome(told)
    if known:
        assert known_of(known[-1].decision, details(known)) == known


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_rows_hear_the_same_whether_decisions_come_before_or_after_them(hub: Hub, tenant: Tenant, data: st.DataObject) -> None:
    serving = await serve_group(hub, tenant)
    group = await decided(hub, tenant, serving)
    parts = data.draw(st.lists(st.tuples(st.sampled_from(["approve", "decline"]), st.integers(0, 3), st.booleans()), min_size=1, max_size=6))
    early, late = (await asked(hub, tenant, group, serving)).inference_id, (await asked(hub, tenant, group, serving)).inference_id
    for decision, days, _ in [part for part in parts if part[2]]:
        await tell_all(hub, tenant, group, said(early, decision, days=days))
    await hub.serving.predictor(hub).close()
    await drain(hub, group)
    for decision, days, _ in [part for part in parts if not part[2]]:
        await tell_all(hub, tenant, group, said(early, decision, days=days))
    for decision, days, _ in data.draw(st.permutations(parts)):
        await tell_all(hub, tenant, group, said(late, decision, days=days), said(late, decision, days=days))
    rows = await logged(hub, tenant, group)
    for id_ in (early, late):
        assert rows[id_]["final_decision"] is not None
    kept = [(rows[id_]["final_decision"], rows[id_]["final_details"]) for id_ in (early, late)]
    assert kept[0] == kept[1]
