"""Cut-offs tried on mature rows: every figure beside its definition, and what cannot be known said so."""

from typing import NamedTuple

import msgspec
import numpy as np
import pytest

from backend.decisions import service
from backend.decisions.cutoff_trial import rule_at
from backend.decisions.decision_rule import decide_many
from backend.decisions.explorer import applications, curve_of, explore
from backend.decisions.rule_change import version_of
from backend.groups import service as groups
from backend.hub import Hub
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.numerics.selective.cutoffs import Limits
from backend.outcomes.service import record as record_outcomes
from schemas.cutoffs import CutoffLimits, ExploreCutoffs
from schemas.decisions import DecisionSettings, SetValueTable, ValueEntry, ValueTable, Worth
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group, GroupRef
from schemas.inference import Outcome, RecordOutcomes
from tests.support.log_records import record
from tests.support.served import Served

TABLE = ValueTable(
    currency="EUR",
    entries=[
        ValueEntry(decision="approve", outcome="good", worth=Worth(constant=1.0)),
        ValueEntry(decision="approve", outcome="bad", worth=Worth(constant=-5.0)),
        ValueEntry(decision="decline", outcome="any", worth=Worth(constant=0.0)),
    ],
    lowest=-10.0,
    highest=10.0,
)


class Mature(NamedTuple):
    """A mature row of the log."""

    score: float
    decision: str
    actual: float | None = None
    lot: float | None = None
    lot_propensity: float | None = None
    final_decision: str | None = None
    bucket: int = 1
    inputs: None = None
    segment: None = None


async def test_an_outcome_is_hidden_where_neither_the_decision_nor_a_lot_reveals_it(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    rows = [
        Mature(0.1, "approve", 0.0),
        Mature(0.1, "approve"),  # late
        Mature(0.1, "approve", final_decision="decline"),
        Mature(0.3, "decline"),
        Mature(0.3, "decline", lot=0.5, lot_propensity=0.02),  # others of the lot stand for it
        Mature(0.3, "approve", 1.0, lot=0.01, lot_propensity=0.02),
        Mature(0.3, "decline", lot=0.01, lot_propensity=0.0),  # the lot approved, and the budget had no place
    ]
    found = applications(rows, service.DecisionFacts(DecisionSettings(), TABLE), group).applications
    assert found.hidden is not None
    assert found.hidden.tolist() == [False, False, True, True, False, False, True]
    assert found.weights.tolist() == [1, 1, 1, 1, 0, 50, 0]


@pytest.mark.parametrize(("outcome", "value", "gain"), [("any", (1 - 3 - 3 + 0) / 4, 1.5), ("good", None, None)])
async def test_the_value_as_decided_counts_what_a_referral_is_worth(hub: Hub, served: Served, outcome: str, value: float | None, gain: float | None) -> None:
    group = await served.group(hub)
    rows = [Mature(0.1, "approve", 0.0), Mature(0.3, "refer"), Mature(0.3, "refer"), Mature(0.4, "decline")]
    table = msgspec.structs.replace(TABLE, entries=[*TABLE.entries, ValueEntry(decision="refer", outcome=outcome, worth=Worth(constant=-3.0))])
    facts = service.DecisionFacts(DecisionSettings(), table)
    found = curve_of("v1.2", applications(rows, facts, group), [0.2], Limits(), below=True, facts=facts)
    assert found.current is not None
    assert (found.current.value.value, found.points[0].value.value, found.points[0].gain.value) == (value, 0.25, gain)


async def logged(hub: Hub, served: Served, group: Group, seen: float = 1.0, turned: bool = False, digits: int = 9) -> tuple[np.ndarray, np.ndarray]:
    """Applications of the champion with outcomes of scores below `seen`; `turned`: a higher score is safer. Scores have so many `digits`."""
    random, n = np.random.default_rng(4), 1_500
    risk = random.beta(2, 6, n)
    bad = (random.random(n) < risk).astype(float)
    scores = np.round(1 - risk if turned else risk, digits)
    champion = group.phase.members[0]
    of = {"version_id": champion.version_id, "version": champion.label, "propensity": 0.9}
    regions = ["far" if at == 7 else ("north", "south")[at % 2] for at in range(n)]
    records = [
        record(score=score, bucket=at, inputs={"serial": at, "region": region}, **of)
        for at, (score, region) in enumerate(zip(scores.tolist(), regions, strict=True))
    ]
    told = [Outcome(inference_id=one.inference_id, actual=truth) for one, truth, low in zip(records, bad, risk < seen, strict=True) if low]
    assert served.tenant.admin.tenant_id
    async with hub.work(served.tenant.admin) as work:
        ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
        assert await write(work, ref, [row_of(one, None, None) for one in records]) == []
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told))
        await service.set_value_table(work, SetValueTable(slug=group.slug, table=TABLE))
        if turned:
            await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(positive_scores="lower")))
    return scores, bad


@pytest.mark.parametrize("turned", [False, True])
async def test_the_best_cut_off_is_the_most_valuable_within_the_limits(hub: Hub, served: Served, turned: bool) -> None:
    group = await served.group(hub)
    scores, bad = await logged(hub, served, group, turned=turned)
    worth = np.where(bad == 1, -5.0, 1.0)
    async with hub.work(served.tenant.admin) as work:
        found = await explore(work, ExploreCutoffs(slug=group.slug, limits=CutoffLimits(approval_rate=0.3)))
    assert (found.rows, found.known, found.approve_below, found.currency, found.words) == (1_500, 1_500, not turned, "EUR", "")
    for point in found.points[10:90:20]:
        approved = scores >= point.cut if turned else scores < point.cut
        assert point.approval_rate.value == pytest.approx(approved.mean())
        assert point.bad_rate.value == pytest.approx(bad[approved].mean())
        assert point.value.value == pytest.approx((worth * approved).mean())
        assert point.recall.value == pytest.approx(bad[~approved].sum() / bad.sum())
        assert point.within == (approved.mean() >= 0.3)
    assert found.best is not None
    assert found.best.value.value == max(point.value.value or -9.0 for point in found.points if point.within)


async def test_beyond_what_was_approved_a_bad_rate_is_a_range_and_holds_no_limit(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    scores, bad = await logged(hub, served, group, seen=0.2)
    async with hub.work(served.tenant.admin) as work:
        found = await explore(work, ExploreCutoffs(slug=group.slug, limits=CutoffLimits(approval_rate=0.9, bad_rate=0.25)))
    last = found.points[-1]
    assert last.unknown == pytest.approx((scores >= 0.2).mean())
    assert last.bad_rate_least is not None
    assert last.bad_rate_most is not None
    assert last.bad_rate_least <= bad.mean() <= last.bad_rate_most
    assert found.best is None
    assert "where they are not, a bad rate is a range." in found.words
    assert found.words.endswith("No cut-off holds these limits.")


async def test_a_value_beyond_what_was_approved_is_a_range_and_the_best_cut_off_does_not_rest_on_safer_applications(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    scores, bad = await logged(hub, served, group, seen=0.2)
    worth = np.where(bad == 1, -5.0, 1.0)
    async with hub.work(served.tenant.admin) as work:
        found = await explore(work, ExploreCutoffs(slug=group.slug))
    last = found.points[-1]
    assert (last.value.value, last.gain.value) == (None, None)
    assert last.value_least is not None
    assert last.value_most is not None
    assert last.value_least <= worth.mean() <= last.value_most
    inside = [point for point in found.points if point.cut <= 0.2]
    for point in inside[1::5]:
        assert point.value.value == point.value_least == point.value_most == pytest.approx((worth * (scores < point.cut)).mean())
    assert found.best is not None
    assert found.best.cut <= 0.2
    assert found.best.value_least == max(point.value_least or -9.0 for point in found.points)
    assert "is a range too" in found.words


async def test_figures_are_of_the_rule_that_the_cut_off_makes_where_many_share_a_score(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    scores, _ = await logged(hub, served, group, turned=True, digits=1)
    async with hub.work(served.tenant.admin) as work:
        group = await groups.get(work, GroupRef(slug=group.slug))
        version = await version_of(work, group, None)
        facts = await service.facts_of(work, group.id)
        found = await explore(work, ExploreCutoffs(slug=group.slug))
    assert len(found.points) > 5
    for point in found.points:
        decided = decide_many(rule_at(point.cut, version, group, facts), scores)
        assert point.approval_rate.value == pytest.approx((decided == "approve").mean()), point.cut


async def test_a_segment_of_many_values_has_no_ratio_of_small_ones(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await logged(hub, served, group)
    async with hub.work(served.tenant.admin) as work:
        found = await explore(work, ExploreCutoffs(slug=group.slug, segment="serial"))
        regions = await explore(work, ExploreCutoffs(slug=group.slug, segment="region"))
    assert {point.ratio.value for point in found.points} == {None}
    assert "less than 2 % of the applications are left out" in found.words
    assert regions.points[50].ratio.value is not None
    assert regions.points[50].ratio.value > 0.7, "the one application of a third region makes no ratio of 0"


async def test_without_the_number_that_a_worth_needs_there_is_no_value_and_it_says_why(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await logged(hub, served, group)
    approve = ValueEntry(decision="approve", outcome="any", worth=Worth(column="amount", factor=0.1))
    table = msgspec.structs.replace(TABLE, entries=[approve, TABLE.entries[2]])
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(unknown_inputs="ignore")))
        await service.set_value_table(work, SetValueTable(slug=group.slug, table=table))
        found = await explore(work, ExploreCutoffs(slug=group.slug))
    assert found.currency is None
    assert "1,500 of 1,500 applications have no worth" in found.words


async def test_a_log_without_mature_rows_says_so(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    async with hub.work(served.tenant.admin) as work:
        found = await explore(work, ExploreCutoffs(slug=group.slug))
    assert (found.points, found.best, found.words) == ([], None, "No row of this version is old enough yet.")
