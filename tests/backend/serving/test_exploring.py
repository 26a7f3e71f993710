"""Answers of a group that explores: the lot approves, the log proves it, and the budget holds."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import text

from backend.decisions import exploration
from backend.decisions.lots import lot_of
from backend.decisions.rule_change import set_decision_rule
from backend.groups import service as groups
from backend.hub import Hub
from backend.serving.predict import Predictor
from backend.settings import Settings
from schemas.decisions import DecisionBand, DecisionRule, SetDecisionRule
from schemas.exploration import Exploration, ExplorationRef, ExplorationTerms, RequestExploration
from schemas.groups import CreateGroup, Group, GroupRef, MemberRole, MemberSpec
from schemas.inference import PredictBody, Prediction
from tests.backend.decisions.test_exploration import other_person
from tests.backend.groups.test_control import predictor  # noqa: F401 (a fixture)
from tests.support.predictions import drain
from tests.support.served import Served, make_served

NEVER = DecisionRule(bands=[DecisionBand(decision="approve", below=-1.0), DecisionBand(decision="decline")])
"""Approves nobody, as no score is below -1."""
SHARE = 0.5


@pytest.fixture(scope="module")
def served(settings: Settings) -> Served:
    """A tenant of this file's own, as its tests add people to it."""
    return make_served(settings)


@pytest.fixture
async def group(hub: Hub, served: Served) -> Group:
    async with hub.work(served.tenant.admin) as work:
        made = await set_decision_rule(work, SetDecisionRule(version_id=served.serving.champion.id, rule=NEVER))
        slug = f"lots_{str(made.id)[-12:]}"
        shadow = MemberSpec(version_id=served.serving.challenger.id, role=MemberRole.SHADOW, share=0)
        members = [MemberSpec(version_id=made.id, role=MemberRole.CHAMPION, share=10_000), shadow]
        return await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))


async def begun(hub: Hub, served: Served, group: Group, approvals: int) -> Exploration:
    terms = ExplorationTerms(low=0.0, high=1.0, share=SHARE, loss_budget=100.0 * approvals, loss_each=100, until=datetime.now(UTC) + timedelta(days=1))
    async with hub.work(served.tenant.admin) as work:
        asked = await exploration.request(work, RequestExploration(slug=group.slug, terms=terms))
    async with hub.work(await other_person(hub, served.tenant)) as work:
        return await exploration.approve(work, ExplorationRef(slug=group.slug, exploration_id=asked.id))


async def ask(predictor: Predictor, served: Served, group: Group, **said: object) -> Prediction:  # noqa: F811
    answer = await predictor.predict(served.tenant.admin, group.slug, msgspec.convert({"inputs": served.serving.inputs, **said}, PredictBody))
    assert isinstance(answer, Prediction)
    return answer


async def test_the_lot_approves_as_anybody_can_compute_and_the_same_applicant_draws_the_same_lot(
    hub: Hub,
    served: Served,
    predictor: Predictor,  # noqa: F811
    group: Group,
) -> None:
    assert not (await ask(predictor, served, group, entity_key="before")).explored
    asked = await begun(hub, served, group, approvals=1_000)
    for at in range(20):
        key = f"client-{at}"
        lot = lot_of(asked.id, group.salt, key)
        answers = [await ask(predictor, served, group, entity_key=key) for _ in range(2)]
        for answer in answers:
            assert (answer.explored, answer.decision) == (lot < SHARE, "approve" if lot < SHARE else "decline")
    async with hub.work(served.tenant.admin) as work:
        shown = (await exploration.list_explorations(work, GroupRef(slug=group.slug))).explorations[0]
    won = sum(lot_of(asked.id, group.salt, f"client-{at}") < SHARE for at in range(20))
    assert shown.spent == 2 * won


async def test_a_retry_with_its_key_gets_the_explored_answer_again(
    hub: Hub,
    served: Served,
    predictor: Predictor,  # noqa: F811
    group: Group,
) -> None:
    asked = await begun(hub, served, group, approvals=1_000)
    winner = next(f"client-{at}" for at in range(100) if lot_of(asked.id, group.salt, f"client-{at}") < SHARE)
    first, again = [await ask(predictor, served, group, entity_key=winner, idempotency_key="once") for _ in range(2)]
    assert first.explored
    assert (again.explored, again.decision, again.inference_id) == (True, "approve", first.inference_id)
    async with hub.work(served.tenant.admin) as work:
        shown = (await exploration.list_explorations(work, GroupRef(slug=group.slug))).explorations[0]
    assert shown.spent == 1


async def test_when_the_budget_is_spent_or_it_is_stopped_nobody_is_approved_by_lot(
    hub: Hub,
    served: Served,
    predictor: Predictor,  # noqa: F811
    group: Group,
) -> None:
    await begun(hub, served, group, approvals=3)
    answers = [await ask(predictor, served, group, entity_key=f"client-{at}") for at in range(40)]
    assert sum(one.explored for one in answers) == 3
    asked = await begun(hub, served, group, approvals=1_000)
    assert any([(await ask(predictor, served, group, entity_key=f"other-{at}")).explored for at in range(20)])
    async with hub.work(served.tenant.admin) as work:
        await exploration.stop(work, ExplorationRef(slug=group.slug, exploration_id=asked.id))
    assert not any([(await ask(predictor, served, group, entity_key=f"other-{at}")).explored for at in range(20)])


async def test_a_batch_takes_no_more_places_than_there_are(
    hub: Hub,
    served: Served,
    predictor: Predictor,  # noqa: F811
    group: Group,
) -> None:
    await begun(hub, served, group, approvals=2)
    body = PredictBody(inputs=[served.serving.inputs] * 20)
    answers = await predictor.predict(served.tenant.admin, group.slug, body)
    assert isinstance(answers, list)
    assert sum(one.explored for one in answers) == 2
    await drain(hub, group)
    async with hub.work(served.tenant.admin) as work:
        kept = f"SELECT lot, lot_propensity, decision FROM {group.table_name} WHERE role <> 'shadow' AND lot IS NOT NULL"
        rows = (await work.session.execute(text(kept))).all()
    assert len(rows) == 20
    for row in rows:  # a winner without a place is declined, with its lot and the chance 0
        assert (row.decision == "approve") == (row.lot < row.lot_propensity)
        assert row.lot_propensity == (SHARE if row.lot >= SHARE or row.decision == "approve" else 0)
