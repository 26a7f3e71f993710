"""Figures of decisions that tallies do not know: worths that depend on inputs, and final decisions."""

from datetime import UTC, datetime
from itertools import cycle
from uuid import UUID

import numpy as np
import pytest

from backend.decisions import final
from backend.decisions import service as decisions
from backend.groups import service as groups
from backend.hub import Hub
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.outcomes.service import record as record_outcomes
from schemas.decisions import ConfigureDecisions, DecisionSettings, FinalDecision, RecordDecisions, SetValueTable, ValueEntry, ValueTable, Worth
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group, MemberSpec, SetSplit
from schemas.inference import Outcome, RecordOutcomes
from tests.backend.comparison.test_comparison import compare, of
from tests.support.log_records import record
from tests.support.served import Served

EARNED, LOST, MOST = 0.08, -0.6, 500.0
BY_AMOUNT = ValueTable(
    currency="EUR",
    entries=[
        ValueEntry(decision="approve", outcome="good", worth=Worth(column="amount", factor=EARNED)),
        ValueEntry(decision="approve", outcome="bad", worth=Worth(column="amount", factor=LOST)),
        ValueEntry(decision="decline", outcome="any", worth=Worth(constant=0.0)),
    ],
    lowest=-MOST,
    highest=MOST,
)
N = 1_500
REVISED = (("decline", datetime(2026, 1, 2, tzinfo=UTC)), ("refer", datetime(2026, 1, 1, tzinfo=UTC)))
"""The later one is final, in whatever order both are told."""
SETTINGS = GroupSettings(unknown_inputs="ignore", reveals=["approve"], maturity_hours=0)
"""Ignores unknown inputs, so that a worth may name an input that no version reads."""


class Applications:
    """The applications of one version: amounts, what was recommended, and outcomes [n]."""

    def __init__(self, seed: int, cut: float) -> None:
        random = np.random.default_rng(seed)
        logit = random.normal(-1.6, 1.1, N)
        self.scores = 1 / (1 + np.exp(-logit))
        self.bad = random.random(N) < self.scores
        self.amounts = np.round(random.gamma(4, 150, N), 2)
        self.approved = self.scores < cut
        self.ids: list[UUID] = []
        self.told = np.ones(N, dtype=bool)

    def worth(self, approved: np.ndarray) -> np.ndarray:
        """The oracle: what each application was worth [n]."""
        return np.where(approved, np.clip(self.amounts * np.where(self.bad, LOST, EARNED), -MOST, MOST), 0.0)


async def logged(hub: Hub, served: Served, group: Group, mine: dict[str, Applications], inputs: str = "amount") -> None:
    """Log applications with their outcomes, revealed by approvals alone."""
    assert served.tenant.admin.tenant_id
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    rows, told = [], []
    for member in group.phase.members:
        some = mine[member.label]
        buckets = cycle([bucket for span in member.ranges for bucket in range(span.start, span.end)])
        lot = {"role": str(member.role), "propensity": member.share / 10_000, "version": member.label, "version_id": member.version_id}
        for at, bucket in zip(range(N), buckets, strict=False):
            decision = "approve" if some.approved[at] else "decline"
            made = record(score=float(some.scores[at]), bucket=bucket, decision=decision, inputs={inputs: float(some.amounts[at])}, **lot)
            rows.append(row_of(made, None, None))
            some.ids.append(made.inference_id)
            if some.approved[at] and some.told[at]:
                told.append(Outcome(inference_id=made.inference_id, actual=float(some.bad[at])))
    async with hub.work(served.tenant.admin) as work:
        assert await write(work, ref, rows) == []
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told))
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=SETTINGS))


async def configured(hub: Hub, served: Served, group: Group, settings: DecisionSettings, table: ValueTable = BY_AMOUNT) -> None:
    async with hub.work(served.tenant.admin) as work:
        await decisions.configure(work, ConfigureDecisions(slug=group.slug, settings=settings))
        await decisions.set_value_table(work, SetValueTable(slug=group.slug, table=table))


@pytest.fixture
async def group(hub: Hub, served: Served) -> Group:
    return await served.group(hub, challenger_share=5_000)


@pytest.mark.parametrize("exact", [False, True])
async def test_a_worth_by_an_input_decides_like_a_constant_one(hub: Hub, served: Served, group: Group, exact: bool) -> None:
    mine = {"v1.2": Applications(1, 0.6), "v1.3": Applications(2, 0.11)}
    await logged(hub, served, group, mine)
    await configured(hub, served, group, DecisionSettings())
    shown = await compare(hub, served, group, exact=exact)
    assert (shown.decision_metric, shown.currency, shown.decided_by, shown.leader) == ("value", "EUR", "recommended", served.serving.challenger.id)
    for label, some in mine.items():
        worth, told = some.worth(some.approved), of(shown, label)
        assert told.value.value == pytest.approx(worth.mean())
        assert told.value.interval.low < worth.mean() < told.value.interval.high
        assert told.value_clipped == pytest.approx((np.abs(worth) >= MOST).mean())


async def test_final_decisions_count_where_the_group_compares_by_them_and_revised_ones_replace_the_first(hub: Hub, served: Served, group: Group) -> None:
    mine = {"v1.2": Applications(3, 0.4), "v1.3": Applications(4, 0.4)}
    await logged(hub, served, group, mine)
    final_approved = {label: some.approved.copy() for label, some in mine.items()}
    told = []
    for label, some in mine.items():
        for at in np.flatnonzero(some.approved)[:200]:
            told += [FinalDecision(inference_id=some.ids[at], decision=decision, by="ann", at=said_at) for decision, said_at in REVISED]
            final_approved[label][at] = False
    async with hub.work(served.tenant.admin) as work:
        await final.record(work, RecordDecisions(slug=group.slug, decisions=told))
    await configured(hub, served, group, DecisionSettings(compare_by="recommended"))
    before = await compare(hub, served, group)
    await configured(hub, served, group, DecisionSettings(compare_by="final"))
    after = await compare(hub, served, group)
    assert (before.decided_by, after.decided_by) == ("recommended", "final")
    for label, some in mine.items():
        assert of(before, label).approval_rate.value == pytest.approx(some.approved.mean())
        now, approved = of(after, label), final_approved[label]
        assert now.approval_rate.value == pytest.approx(approved.mean())
        assert now.bad_rate.value == pytest.approx(some.bad[approved].mean())
        assert now.value.value == pytest.approx(some.worth(approved).mean())


async def test_the_value_of_recommended_decisions_is_unknown_where_persons_hide_their_outcomes_by_other_ones(hub: Hub, served: Served, group: Group) -> None:
    mine = {"v1.2": Applications(9, 0.4), "v1.3": Applications(10, 0.4)}
    for some in mine.values():
        some.told = ~some.approved | (some.scores < 0.3)  # the riskiest approvals are declined by a person
    await logged(hub, served, group, mine)
    declined = [
        FinalDecision(inference_id=made, decision="decline", by="ann")
        for some in mine.values()
        for made, kept in zip(some.ids, some.told, strict=True)
        if not kept
    ]
    async with hub.work(served.tenant.admin) as work:
        await final.record(work, RecordDecisions(slug=group.slug, decisions=declined))
    await configured(hub, served, group, DecisionSettings(verdict_on="value"))
    shown = await compare(hub, served, group)
    assert shown.leader is None
    assert "of the mature applications with a decision that reveals an outcome have none" in shown.verdict
    await configured(hub, served, group, DecisionSettings(verdict_on="value", compare_by="final"))
    by_final = await compare(hub, served, group)
    assert "have none" not in by_final.verdict
    for label, some in mine.items():
        assert of(by_final, label).value.value == pytest.approx(some.worth(some.approved & some.told).mean())


async def test_an_application_without_the_number_that_its_worth_needs_leaves_the_value_unknown_and_says_so(hub: Hub, served: Served, group: Group) -> None:
    mine = {"v1.2": Applications(5, 0.4), "v1.3": Applications(6, 0.4)}
    await logged(hub, served, group, mine, inputs="sum")
    await configured(hub, served, group, DecisionSettings(verdict_on="value"))
    shown = await compare(hub, served, group)
    assert (shown.leader, shown.decision_metric) == (None, "value")
    lacking = sum(int(some.approved.sum()) for some in mine.values())
    assert f"{lacking:,} mature applications lack a number" in shown.verdict
    assert shown.conclusion is not None
    assert shown.conclusion.headline == "No verdict on value."


async def test_the_verdict_is_on_value_where_the_group_wants_it_so_though_every_outcome_comes(hub: Hub, served: Served, group: Group) -> None:
    mine = {"v1.2": Applications(7, 0.6), "v1.3": Applications(8, 0.11)}
    await logged(hub, served, group, mine)
    async with hub.work(served.tenant.admin) as work:
        everything = GroupSettings(unknown_inputs="ignore", reveals=["approve", "decline"], maturity_hours=0)
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=everything))
    await configured(hub, served, group, DecisionSettings(verdict_on="value"))
    shown = await compare(hub, served, group)
    assert (shown.decision_metric, shown.leader) == ("value", served.serving.challenger.id)


async def test_a_phase_that_has_just_ended_gives_no_advice_though_it_was_compared_a_moment_ago(hub: Hub, served: Served, group: Group) -> None:
    mine = {"v1.2": Applications(9, 0.4), "v1.3": Applications(10, 0.4)}
    await logged(hub, served, group, mine)
    before = await compare(hub, served, group)
    assert before.conclusion is not None
    assert before.conclusion.advice
    async with hub.work(served.tenant.admin) as work:
        members = [MemberSpec(version_id=one.version_id, role=one.role, share=one.share) for one in group.phase.members]
        await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))
    after = await compare(hub, served, group, phase=1)
    assert after.conclusion is not None
    assert after.conclusion.advice == ""
