"""Compared where decisions hide outcomes: approval rate, bad rate among the approved, and a verdict on value per application."""

from itertools import cycle

import numpy as np
import pytest

from backend.comparison.decided import constants, figures_of, from_counts
from backend.decisions import service as decisions
from backend.decisions.service import DecisionFacts
from backend.groups import service as groups
from backend.hub import Hub
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.decided import Decided
from backend.outcomes.service import record as record_outcomes
from schemas.decisions import DecisionSettings, SetValueTable, ValueEntry, ValueTable, Worth
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group
from schemas.inference import Outcome, RecordOutcomes
from tests.backend.comparison.test_comparison import compare, of
from tests.support.log_records import record
from tests.support.served import Served

GOOD, BAD = 1.0, -5.0
WORTH = [
    ValueEntry(decision="approve", outcome="good", worth=Worth(constant=GOOD)),
    ValueEntry(decision="approve", outcome="bad", worth=Worth(constant=BAD)),
    ValueEntry(decision="decline", outcome="any", worth=Worth(constant=0.0)),
]
TABLE = ValueTable(currency="EUR", entries=WORTH, lowest=-100.0, highest=100.0)


async def credit(
    hub: Hub, served: Served, group: Group, cuts: dict[str, float], noise: dict[str, float], n: int = 2_500, hides: bool = True
) -> dict[str, np.ndarray]:
    """Applications decided by each version's cut-off; outcomes of the approved, or (without `hides`) of all. Gives each version's worths [n]."""
    random, rows, told, worths = np.random.default_rng(6), [], [], {}
    assert served.tenant.admin.tenant_id
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    for member in group.phase.members:
        logit = random.normal(-1.6, 1.1, n)
        truth = (random.random(n) < 1 / (1 + np.exp(-logit))).astype(float)
        scores = 1 / (1 + np.exp(-logit - random.normal(0, noise[member.label], n)))
        approved = scores < cuts[member.label]
        worths[member.label] = np.where(approved, np.where(truth == 1, BAD, GOOD), 0.0)
        buckets = cycle([bucket for span in member.ranges for bucket in range(span.start, span.end)])
        lot = {"role": str(member.role), "propensity": member.share / 10_000, "version": member.label, "version_id": member.version_id}
        for score, bad, yes, bucket in zip(scores.tolist(), truth.tolist(), approved.tolist(), buckets, strict=False):
            made = record(score=score, bucket=bucket, decision="approve" if yes else "decline", decision_rule=member.label, **lot)
            rows.append(row_of(made, None, None))
            if yes or not hides:
                told.append(Outcome(inference_id=made.inference_id, actual=bad))
    async with hub.work(served.tenant.admin) as work:
        assert await write(work, ref, rows) == []
        await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told))
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(reveals=["approve"], maturity_hours=0)))
    return worths


@pytest.mark.parametrize("exact", [False, True])
async def test_the_verdict_is_on_value_where_the_outcomes_of_the_declined_are_hidden(hub: Hub, served: Served, exact: bool) -> None:
    """The challenger approves more; among its own approved it looks worse."""
    group = await served.group(hub, challenger_share=5_000)
    worths = await credit(hub, served, group, {"v1.2": 0.05, "v1.3": 1 / 6}, {"v1.2": 0.1, "v1.3": 0.1}, n=4_000)
    async with hub.work(served.tenant.admin) as work:
        assert (await decisions.set_value_table(work, SetValueTable(slug=group.slug, table=TABLE))).value_table == TABLE
    shown = await compare(hub, served, group, exact=exact)
    assert (shown.decision_metric, shown.currency, shown.leader) == ("value", "EUR", served.serving.challenger.id)
    assert shown.verdict.startswith("v1.3 leads on value per application")
    assert shown.conclusion is not None
    assert shown.conclusion.state == "leads"
    assert of(shown, "v1.2").brier.value < of(shown, "v1.3").brier.value
    for label, worth in worths.items():
        mine, approved = of(shown, label), worth != 0
        assert mine.approval_rate.value == pytest.approx(approved.mean())
        assert mine.bad_rate.value == pytest.approx((worth[approved] == BAD).mean())
        assert mine.value.value == pytest.approx(worth.mean())
        assert mine.value.interval.low < worth.mean() < mine.value.interval.high
        assert (mine.approval_rate.n, mine.bad_rate.n, mine.value.n) == (4_000, int(approved.sum()), 4_000)
        assert mine.outcomes_on == "among its own approved"
    assert shown.differences[0].value == pytest.approx(worths["v1.3"].mean() - worths["v1.2"].mean())


async def test_without_a_value_table_figures_of_decisions_are_told_and_nobody_leads(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await credit(hub, served, group, {"v1.2": 0.1, "v1.3": 0.3}, {"v1.2": 0.5, "v1.3": 0.5}, n=600)
    shown = await compare(hub, served, group)
    assert (shown.leader, shown.decision_metric, shown.currency) == (None, "brier", None)
    assert shown.conclusion is not None
    assert shown.conclusion.state == "selective"
    assert of(shown, "v1.2").approval_rate.value < of(shown, "v1.3").approval_rate.value
    assert of(shown, "v1.2").value.value is None


async def test_a_group_that_says_that_every_decision_reveals_its_outcome_hides_nothing(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await credit(hub, served, group, {"v1.2": 0.3, "v1.3": 0.3}, {"v1.2": 0.5, "v1.3": 0.5}, n=600, hides=False)
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(reveals=["approve", "decline"], maturity_hours=0)))
    assert (await compare(hub, served, group)).selection is None


def test_worths_are_cut_at_the_tables_limits_and_a_column_is_no_constant() -> None:
    tight = ValueTable(currency="EUR", entries=WORTH, lowest=-2.0, highest=100.0)
    by_amount = ValueEntry(decision="approve", outcome="any", worth=Worth(column="amount", factor=0.1))
    column = ValueTable(currency="EUR", entries=[by_amount], lowest=0, highest=1)
    found = constants(tight)
    assert found is not None
    assert (found["approve"].good, found["approve"].bad, found["decline"].any) == (GOOD, -2.0, 0.0)
    assert constants(column) is None


def test_a_decision_that_the_table_does_not_know_leaves_the_value_unknown() -> None:
    counts = Decided.of(["approve", "refer"] * 50, np.arange(100) % CLUSTERS, np.array([0.0, np.nan] * 50))
    facts = DecisionFacts(DecisionSettings(), TABLE)
    found = figures_of(from_counts(counts, facts), facts)
    assert (found.value.value, found.approval_rate.value, found.bad_rate.value) == (None, 0.5, 0.0)


def test_counts_add_up_are_taken_away_and_survive_their_bytes() -> None:
    random = np.random.default_rng(1)
    names = random.choice(["approve", "decline", None], 500).tolist()
    buckets, truth = random.integers(0, 10_000, 500), random.choice([0.0, 1.0, np.nan, 3.5], 500)
    whole = Decided.of(names, buckets, truth)
    parts = [Decided.of(names[:200], buckets[:200], truth[:200]), Decided.of(names[200:], buckets[200:], truth[200:])]
    assert Decided.merged(parts) == whole
    assert Decided.merged([whole, whole.negative]) == Decided()
    assert Decided.decode(whole.encode()) == whole
    assert whole.counts["approve"].sum(axis=1).tolist() == [
        names.count("approve"), *(sum(name == "approve" and value == end for name, value in zip(names, truth, strict=True)) for end in (0.0, 1.0)),
    ]  # fmt: skip
