"""Exploration: two people, a budget that nothing overspends, lots that anybody can draw again, and figures that hold for everyone up to the band's edge."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import cycle
from uuid import UUID

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from backend.actor import Actor
from backend.audit import service as audit
from backend.decisions import exploration, repository, service
from backend.decisions.alerts import spent
from backend.decisions.errors import ExplorationNotRequested, ExplorationOpen, InvalidExploration, SecondApproverNeeded
from backend.decisions.lots import lot_of
from backend.decisions.rule_change import set_decision_rule
from backend.errors import NotFound
from backend.groups import service as groups
from backend.groups.buckets import bucket_of
from backend.hub import Hub
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.outcomes.service import record as record_outcomes
from backend.settings import Settings
from schemas.access import Role
from schemas.audit import ListAudit
from schemas.decisions import DecisionBand, DecisionRule, SetDecisionRule, SetValueTable, ValueEntry, ValueTable, Worth
from schemas.exploration import Exploration, ExplorationRef, ExplorationTerms, RequestExploration, RunningExploration
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, CreateGroup, Group, GroupRef, MemberRole, MemberSpec
from schemas.inference import Outcome, RecordOutcomes
from tests.backend.groups.test_control import second_person
from tests.support.log_records import record
from tests.support.served import Served, make_served
from tests.support.tenants import Tenant, new_tenant

CUT, EDGE, SHARE = 0.2, 0.5, 0.2
RULE = DecisionRule(bands=[DecisionBand(decision="approve", below=CUT), DecisionBand(decision="decline")])
TERMS_ID = UUID(int=7)
TERMS = ExplorationTerms(low=CUT, high=EDGE, share=SHARE, loss_budget=1e9, loss_each=1_000, until=datetime.now(UTC) + timedelta(days=30))


@pytest.fixture(scope="module")
def served(settings: Settings) -> Served:
    """A tenant of this file's own, as its tests add people to it."""
    return make_served(settings)


@pytest.fixture
async def group(hub: Hub, served: Served) -> Group:
    """A group whose champion approves below the cut-off."""
    return await decided_group(hub, served)


async def decided_group(hub: Hub, served: Served) -> Group:
    async with hub.work(served.tenant.admin) as work:
        made = await set_decision_rule(work, SetDecisionRule(version_id=served.serving.champion.id, rule=RULE))
        slug = f"explored_{str(made.id)[-12:].replace('-', '')}"
        members = [MemberSpec(version_id=made.id, role=MemberRole.CHAMPION, share=10_000)]
        return await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))


async def other_person(hub: Hub, tenant: Tenant) -> Actor:
    return msgspec.structs.replace(tenant.acting_as(Role.ML_LEAD), person_id=await second_person(hub, tenant), name="second")


async def begun(hub: Hub, served: Served, group: Group, terms: ExplorationTerms = TERMS) -> Exploration:
    async with hub.work(served.tenant.admin) as work:
        asked = await exploration.request(work, RequestExploration(slug=group.slug, terms=terms, reason="unknown above the cut-off"))
    async with hub.work(await other_person(hub, served.tenant)) as work:
        approved = await exploration.approve(work, ExplorationRef(slug=group.slug, exploration_id=asked.id, reason="counsel agreed"))
    async with hub.work(served.tenant.admin) as work:  # an hour ago, so that rows of now lie within it
        moved = text("UPDATE explorations SET approved_at = approved_at - interval '1 hour' WHERE id = :id")
        await work.session.execute(moved, {"id": approved.id})
    return approved


async def test_it_begins_when_a_second_person_approves_and_ends_when_anybody_stops_it(hub: Hub, served: Served, group: Group) -> None:
    other = await other_person(hub, served.tenant)
    async with hub.work(served.tenant.admin) as work:
        asked = await exploration.request(work, RequestExploration(slug=group.slug, terms=TERMS))
    ref = ExplorationRef(slug=group.slug, exploration_id=asked.id)
    async with hub.work(served.tenant.admin) as work:
        assert (asked.state, asked.allowed) == ("requested", 1_000_000)
        with pytest.raises(SecondApproverNeeded):
            await exploration.approve(work, ref)
        with pytest.raises(ExplorationOpen):
            await exploration.request(work, RequestExploration(slug=group.slug, terms=TERMS))
    async with hub.work(other) as work:
        approved = await exploration.approve(work, ref)
        assert (approved.state, approved.self_approved, approved.requested_by != approved.approved_by) == ("active", False, True)
    async with hub.work(served.tenant.admin) as work:  # settings keep what runs
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(unknown_inputs="ignore")))
        assert (await exploration.explored_span(work, group)) is not None
        assert (await exploration.stop(work, ref)).state == "stopped"
        with pytest.raises(ExplorationNotRequested):
            await exploration.approve(work, ref)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"low": 0.1}, "/terms/low"),
        ({"low": float("nan")}, "/terms/low"),
        ({"high": CUT}, "/terms/low"),
        ({"loss_budget": 10.0}, "/terms/loss_budget"),
        ({"loss_each": float("nan")}, "/terms/loss_budget"),
        ({"share": float("nan")}, "/terms/loss_budget"),
        ({"until": datetime(2026, 1, 1, tzinfo=UTC)}, "/terms/until"),
        ({"until": datetime(2099, 1, 1)}, "/terms/until"),  # noqa: DTZ001 (without a zone on purpose)
        ({"decision": "decline"}, "/terms/decision"),
    ],
)
async def test_terms_that_make_no_sense_are_refused_with_their_place(hub: Hub, served: Served, group: Group, changed: dict[str, object], pointer: str) -> None:
    async with hub.work(served.tenant.admin) as work:
        with pytest.raises(InvalidExploration) as refused:
            await exploration.request(work, RequestExploration(slug=group.slug, terms=msgspec.structs.replace(TERMS, **changed)))
        assert pointer in [issue.pointer for issue in refused.value.issues]


def test_a_loss_too_small_for_a_quotient_allows_no_more_than_the_most() -> None:
    assert exploration.allowed(msgspec.structs.replace(TERMS, loss_budget=1e12, loss_each=5e-324)) == exploration.MOST_APPROVALS


async def test_one_approval_may_lose_what_the_value_table_says(hub: Hub, served: Served, group: Group) -> None:
    entries = [
        ValueEntry(decision="approve", outcome="good", worth=Worth(constant=100.0)),
        ValueEntry(decision="approve", outcome="bad", worth=Worth(constant=-5_000.0)),
        ValueEntry(decision="decline", outcome="any", worth=Worth(constant=0.0)),
    ]
    async with hub.work(served.tenant.admin) as work:
        table = ValueTable(currency="EUR", entries=entries, lowest=-2_000, highest=1_000)
        await service.set_value_table(work, SetValueTable(slug=group.slug, table=table))
        with pytest.raises(InvalidExploration) as refused:
            await exploration.request(work, RequestExploration(slug=group.slug, terms=TERMS))
        assert [(issue.pointer, "lose 2000 EUR" in issue.message) for issue in refused.value.issues] == [("/terms/loss_each", True)]
        asked = await exploration.request(work, RequestExploration(slug=group.slug, terms=msgspec.structs.replace(TERMS, loss_each=2_000)))
        assert asked.state == "requested"


async def test_of_two_requests_at_once_only_one_is_kept(hub: Hub, served: Served, group: Group) -> None:
    async def ask() -> None:
        async with hub.work(served.tenant.admin) as work:
            await exploration.request(work, RequestExploration(slug=group.slug, terms=TERMS))

    async with hub.work(served.tenant.admin) as work:
        await exploration.request(work, RequestExploration(slug=group.slug, terms=TERMS))
        second = asyncio.create_task(ask())
        await asyncio.sleep(0.5)  # it has read what there is, or waits
    with pytest.raises(ExplorationOpen):
        await second


async def test_after_its_end_no_process_gets_a_place_and_later_approvals_count_for_the_next(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group)
    running = RunningExploration(id=asked.id, low=CUT, high=EDGE, share=SHARE, decision="approve", approves=["approve"], until=TERMS.until)
    async with hub.work(served.tenant.admin) as work:
        ended = text("UPDATE explorations SET terms = jsonb_set(terms, '{until}', to_jsonb(now() - interval '1 minute')) WHERE id = :id")
        await work.session.execute(ended, {"id": asked.id})
    assert await exploration.reserve(hub, served.tenant.admin, group.slug, running, 1) == 0
    later = await begun(hub, served, group)
    await explored(hub, served, group, later, n=200)
    async with hub.work(served.tenant.admin) as work:
        shown = {one.id: one for one in (await exploration.list_explorations(work, GroupRef(slug=group.slug))).explorations}
    assert (shown[asked.id].state, shown[asked.id].explored) == ("ended", 0)
    assert shown[later.id].explored > 0


async def test_another_tenant_finds_nothing_of_it(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group)
    stranger = await new_tenant(hub)
    async with hub.work(stranger.admin) as work:
        with pytest.raises(NotFound):
            await exploration.stop(work, ExplorationRef(slug=group.slug, exploration_id=asked.id))
        assert await repository.reserve(work.session, work.tenant_id, asked.id, 1) is None


async def test_many_processes_at_once_never_overspend_and_the_last_place_ends_it(hub: Hub, served: Served, group: Group) -> None:
    asked = await begun(hub, served, group, msgspec.structs.replace(TERMS, loss_budget=10_000.0))
    running = RunningExploration(id=asked.id, low=CUT, high=EDGE, share=SHARE, decision="approve", approves=["approve"], until=TERMS.until)
    granted = await asyncio.gather(*(exploration.reserve(hub, served.tenant.admin, group.slug, running, 3) for _ in range(8)))
    assert sum(granted) == 10
    async with hub.work(served.tenant.admin) as work:
        shown = (await exploration.list_explorations(work, GroupRef(slug=group.slug))).explorations[0]
        assert (shown.state, shown.spent, shown.allowed) == ("spent", 10, 10)
        told = [one.action for one in (await audit.browse(work, ListAudit(subject=f"group:{group.slug}"))).items]
        alerts = [(one.kind, one.subject) for one in await spent(work)]
    assert told.count("decisions.spendExploration") == 1
    assert ("group.exploration_spent", f"group:{group.slug}") in alerts
    await begun(hub, served, group)
    async with hub.work(served.tenant.admin) as work:
        assert f"group:{group.slug}" not in [one.subject for one in await spent(work)]


@given(st.uuids(), st.text(max_size=30), st.text(max_size=30))
def test_a_lot_is_a_number_from_0_to_below_1_and_always_the_same(exploration_id: object, salt: str, key: str) -> None:
    drawn = lot_of(exploration_id, salt, key)  # type: ignore[arg-type]
    assert 0 <= drawn < 1
    assert drawn == lot_of(exploration_id, salt, key)  # type: ignore[arg-type]


def test_lots_are_uniform() -> None:
    lots = np.array([lot_of(TERMS_ID, "salt", f"client-{at}") for at in range(20_000)])
    assert np.abs(np.sort(lots) - np.arange(20_000) / 20_000).max() < 1.63 / np.sqrt(20_000)  # Kolmogorov's bound at 1 %


async def explored(
    hub: Hub, served: Served, group: Group, asked: Exploration, n: int = 8_000, forged: bool = False, places: float = 1.0
) -> tuple[np.ndarray, np.ndarray]:
    """Log applications as an exploring process would, with the outcomes of what was approved. Returns scores and true outcomes [n]."""
    assert served.tenant.admin.tenant_id
    random, rows, told = np.random.default_rng(9), [], []
    scores = random.beta(2, 4, n)
    truth = (random.random(n) < scores**0.8).astype(float)
    champion = group.phase.members[0]
    for at, bucket in zip(range(n), cycle(range(10_000)), strict=False):
        key = f"client-{at}"
        made = record(score=float(scores[at]), bucket=bucket, propensity=1.0, role="champion", version=champion.label, version_id=champion.version_id)
        made = msgspec.structs.replace(made, entity_key=key, bucket=bucket_of(group.salt, key), decision="approve" if scores[at] < CUT else "decline")
        made = msgspec.structs.replace(made, inputs={"region": "south" if at % 3 == 0 else "north"})
        if CUT <= scores[at] < EDGE:
            lot = lot_of(asked.id, group.salt, key)
            won, place = lot < SHARE, random.random() < places
            chance = SHARE if place or not won else 0.0
            made = msgspec.structs.replace(made, lot=1 - lot if forged else lot, lot_propensity=chance, decision="approve" if won and place else "decline")
        rows.append(row_of(made, None, None))
        if made.decision == "approve":
            told.append(Outcome(inference_id=made.inference_id, actual=float(truth[at])))
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(reveals=["approve"], maturity_hours=0)))
        assert await write(work, LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name), rows) == []
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told))
    return scores, truth
