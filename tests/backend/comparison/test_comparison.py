"""Side by side within one phase."""

import time
from collections.abc import Sequence
from itertools import cycle

import msgspec
import numpy as np
import pytest
from sklearn import metrics

from backend.comparison import service as comparison
from backend.groups import service as groups
from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from backend.outcomes.service import record as record_outcomes
from schemas.groups import ConfigureGroup, Group, MemberSpec, SetSplit
from schemas.inference import Outcome, RecordOutcomes
from schemas.promotion import Contender
from tests.support.log_records import record
from tests.support.served import Served


async def fill(
    hub: Hub, served: Served, group: Group, scores: dict[str, np.ndarray], labels: dict[str, np.ndarray], phase: int = 1, only: int | None = None
) -> None:
    """Rows of a log with known scores by version label, and their outcomes (NaN: none); from all of a version's buckets in turn, or only so many."""
    assert served.tenant.admin.tenant_id
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    rows, told = [], []
    for member in group.phase.members:
        buckets = cycle([bucket for span in member.ranges for bucket in range(span.start, span.end)][:only] or [0])
        lot = {"role": str(member.role), "phase": phase, "propensity": member.share / 10_000}
        for score, actual, bucket in zip(scores[member.label].tolist(), labels[member.label].tolist(), buckets, strict=False):
            made = record(version_id=member.version_id, version=member.label, score=score, latency_us=250, bucket=bucket, **lot)
            rows.append(row_of(made, None, None))
            if not np.isnan(actual):
                told.append(Outcome(inference_id=made.inference_id, actual=actual))
    async with hub.work(served.tenant.admin) as work:
        assert await write(work, ref, rows) == []
    for start in range(0, len(told), 10_000):
        async with hub.work(served.tenant.admin) as work:
            await record_outcomes(work, RecordOutcomes(slug=group.slug, outcomes=told[start : start + 10_000]))


def scorers(n: Sequence[int], sharp: Sequence[float], seed: int = 3) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    random = np.random.default_rng(seed)
    scores, labels = {}, {}
    for label, count, sharpness in zip(("v1.2", "v1.3"), n, sharp, strict=True):
        truth = random.random(count) < 0.3
        scores[label] = 1 / (1 + np.exp(-(random.normal(0, 1, count) + sharpness * (truth - 0.5) - 1)))
        labels[label] = truth.astype(float)
    return scores, labels


async def compare(hub: Hub, served: Served, group: Group, phase: int | None = None, exact: bool = False, pooled: bool = False) -> comparison.Comparison:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await comparison.compare(work, group.slug, phase, exact=exact, pooled=pooled)


def of(shown: comparison.Comparison, label: str) -> Contender:
    return next(contender for contender in shown.contenders if contender.label == label)


@pytest.mark.parametrize("exact", [False, True])
async def test_the_figures_are_those_of_scikit_learn_within_the_stated_bound_each_with_an_interval_around_it(hub: Hub, served: Served, exact: bool) -> None:
    group = await served.group(hub)
    scores, labels = scorers((1800, 200), (1.5, 1.5))
    await fill(hub, served, group, scores, labels)
    shown = await compare(hub, served, group, exact=exact)
    assert shown.exact == exact
    for label, score in scores.items():
        mine, truth, said = of(shown, label), labels[label], score >= 0.5
        expected = {
            "accuracy": metrics.accuracy_score(truth, said),
            "precision": metrics.precision_score(truth, said),
            "recall": metrics.recall_score(truth, said),
            "f1": metrics.f1_score(truth, said),
            "roc_auc": metrics.roc_auc_score(truth, score),
            "pr_auc": metrics.average_precision_score(truth, score),
            "brier": metrics.brier_score_loss(truth, score),
            "log_loss": metrics.log_loss(truth, score),
            "mean_score": score.mean(),
            "brier_skill": 1 - metrics.brier_score_loss(truth, score) / (truth.mean() * (1 - truth.mean())),
        }
        for name, value in expected.items():
            estimate = getattr(mine, name)
            assert abs(estimate.value - value) <= estimate.within + 1e-8, name
            assert estimate.within <= (0 if exact else 0.01), name
            assert estimate.interval.low < value < estimate.interval.high, name
        assert (mine.n, mine.n_labelled) == (len(score), len(score))
        assert mine.latency is not None
        assert abs(mine.latency.p50_us - 250) <= 250 * mine.latency.within
        assert sum(one.count for one in mine.scores) == len(score)
    assert shown.sample_ratio is not None
    assert shown.sample_ratio.ok
    assert shown.rows is not None


async def test_a_better_challenger_leads_in_words_and_figures(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await fill(hub, served, group, *scorers((3000, 3000), (0.5, 3.5)))
    shown = await compare(hub, served, group)
    assert shown.leader == served.serving.challenger.id
    assert shown.verdict.startswith("v1.3 leads on Brier: 0.")
    assert "always-valid 95 %" in shown.verdict


async def test_what_a_few_entities_did_names_no_leader_and_is_no_mismatch(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await fill(hub, served, group, *scorers((2000, 3000), (0.5, 3.5)), only=3)
    for exact in (False, True):
        shown = await compare(hub, served, group, exact=exact)
        assert (shown.leader, shown.conclusion.state) == (None, "early")
        assert "too few entities" in shown.verdict
        assert "too few entities" in shown.conclusion.margin
        assert shown.sample_ratio is not None


async def test_earlier_phases_that_say_nothing_of_both_sides_are_no_failure(hub: Hub, served: Served) -> None:
    """The champion has outcomes enough in a phase that it was alone in, and in the one with the challenger both have few."""
    group = await served.group(hub, challenger_share=5_000)
    await fill(hub, served, group, *scorers((1000, 0), (1.0, 1.0)))
    members = [MemberSpec(version_id=m.version_id, role=m.role, share=m.share) for m in group.phase.members]
    async with hub.work(served.tenant.admin) as work:
        group = await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))
    await fill(hub, served, group, *scorers((98, 105), (1.0, 1.0)), phase=2)
    shown = await compare(hub, served, group, pooled=True)
    assert shown.leader is None
    assert "Not enough to compare yet" in shown.verdict


async def test_without_enough_outcomes_nobody_leads_and_the_words_say_what_is_lacking(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    empty = await compare(hub, served, group)
    assert (empty.leader, empty.rows) == (None, None)
    assert "v1.2 has 0" in empty.verdict
    assert of(empty, "v1.2").roc_auc.value is None


async def test_a_past_phase_is_compared_by_its_own_rows_only(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await fill(hub, served, group, *scorers((300, 200), (1.0, 1.0)))
    members = [MemberSpec(version_id=m.version_id, role=m.role, share=5_000) for m in group.phase.members]
    async with hub.work(served.tenant.admin) as work:
        await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))
    assert sum(one.n for one in (await compare(hub, served, group)).contenders) == 0
    assert [one.n for one in (await compare(hub, served, group, 1)).contenders] == [300, 200]
    with pytest.raises(comparison.PhaseNotFound):
        await compare(hub, served, group, 9)


async def test_what_was_shown_is_evidence_for_its_group_alone(hub: Hub, served: Served) -> None:
    group, other = await served.group(hub), await served.group(hub)
    shown = await compare(hub, served, group)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        assert await comparison.take_evidence(work, group.id, shown.evidence_id) == shown
        assert await comparison.take_evidence(work, other.id, shown.evidence_id) is None
        assert await comparison.take_evidence(work, group.id, new_id()) is None
    assert 0 < await hub.redis.ttl(f"tiltyard:{group.id}:evidence:{shown.evidence_id}") <= 300


@pytest.mark.busy
async def test_twenty_thousand_rows_are_compared_in_a_moment(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await fill(hub, served, group, *scorers((18_000, 2_000), (1.0, 1.0)))
    await compare(hub, served, group)
    comparison._shown.clear()
    started = time.monotonic()
    await compare(hub, served, group)
    assert time.monotonic() - started < 2.0


async def test_what_did_not_come_by_lot_is_counted_and_not_compared(hub: Hub, served: Served) -> None:
    """Rows that another version answered in its place, or that were asked for by name."""
    group = await served.group(hub)
    champion, challenger = group.phase.members
    assert served.tenant.admin.tenant_id
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    rows = [record(version_id=champion.version_id, bucket=100 * at, propensity=0.9, score=0.3) for at in range(50)]
    rows += [record(version_id=champion.version_id, bucket=9_500, propensity=0.1, score=0.3, status="fallback") for _ in range(10)]
    rows += [record(version_id=challenger.version_id, role="challenger", bucket=9_000 + at, propensity=0.1, score=0.3) for at in range(30)]
    rows += [record(version_id=challenger.version_id, role="challenger", bucket=1, propensity=0.9, score=0.9) for _ in range(7)]
    rows += [record(version_id=champion.version_id, bucket=1, propensity=0.9, score=None, status="failed") for _ in range(3)]
    async with hub.work(served.tenant.admin) as work:
        await write(work, ref, [row_of(row, None, None) for row in rows])
    for exact in (False, True):
        shown = await compare(hub, served, group, exact=exact)
        first, second = of(shown, "v1.2"), of(shown, "v1.3")
        assert (first.n, first.n_compared, second.n, second.n_compared) == (60, 50, 37, 30)
        assert second.mean_score.value == pytest.approx(0.3)
        assert (first.error_rate.value, second.fallback_rate.value) == (pytest.approx(3 / 53), pytest.approx(10 / 40))
        assert shown.sample_ratio is not None
        assert "got 62.5 / 37.5 % of 80 requests drawn by lot" in shown.sample_ratio.words
        assert not shown.sample_ratio.ok


async def test_figures_from_tallies_and_from_rows_say_the_same(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=4_000)
    await fill(hub, served, group, *scorers((3000, 2000), (1.0, 1.4)))
    kept, anew = await compare(hub, served, group), await compare(hub, served, group, exact=True)
    assert (kept.verdict, kept.leader, kept.rows, kept.sample_ratio) == (anew.verdict, anew.leader, anew.rows, anew.sample_ratio)
    assert kept.differences == anew.differences
    for mine, theirs in zip(kept.contenders, anew.contenders, strict=True):
        for name in ("n", "n_labelled", "cohorts", "brier", "log_loss"):
            assert getattr(mine, name) == getattr(theirs, name), name
        for name in ("accuracy", "roc_auc", "pr_auc", "calibration_error", "brier_skill"):
            ours, exact = getattr(mine, name), getattr(theirs, name)
            assert abs(ours.value - exact.value) <= ours.within + 1e-9, name
            assert ours.interval.low == pytest.approx(exact.interval.low, abs=0.01), name
            assert ours.interval.high == pytest.approx(exact.interval.high, abs=0.01), name


async def test_outcomes_that_are_numbers_are_judged_by_their_errors(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    random = np.random.default_rng(2)
    truth = {label: random.normal(100, 30, 2000) for label in ("v1.2", "v1.3")}
    said = {"v1.2": truth["v1.2"] + random.normal(3, 12, 2000), "v1.3": truth["v1.3"] + random.normal(0, 6, 2000)}
    await fill(hub, served, group, said, truth)
    shown = await compare(hub, served, group)
    assert (shown.regression, shown.decision_metric, shown.leader) == (True, "rmse", served.serving.challenger.id)
    for label in truth:
        mine, error = of(shown, label), said[label] - truth[label]
        assert mine.mae.value == pytest.approx(metrics.mean_absolute_error(truth[label], said[label]), abs=1e-6)
        assert mine.rmse.value == pytest.approx(metrics.root_mean_squared_error(truth[label], said[label]), abs=1e-6)
        assert mine.mean_error.value == pytest.approx(error.mean(), abs=1e-6)
        half = 1.959964 * np.abs(error).std(ddof=1) / np.sqrt(len(error))
        assert mine.mae.interval is not None
        assert mine.mae.interval.high - mine.mae.interval.low == pytest.approx(2 * half, rel=1e-4)
        assert mine.brier.value is None


async def test_a_score_that_misses_the_unit_interval_by_rounding_is_still_a_probability(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    scores, labels = scorers((400, 400), (1.0, 1.0))
    scores["v1.2"][:3] = (1 + 1e-9, -1e-17, 1.0000000000000002)
    scores["v1.3"][0] = 7.0
    await fill(hub, served, group, scores, labels)
    for exact in (False, True):
        shown = await compare(hub, served, group, exact=exact)
        assert (shown.regression, shown.decision_metric) == (False, "brier")
        assert of(shown, "v1.2").roc_auc.value == pytest.approx(metrics.roc_auc_score(labels["v1.2"], scores["v1.2"]), abs=0.01)


async def test_earlier_phases_are_strata_and_a_ramp_is_no_result(hub: Hub, served: Served) -> None:
    """The challenger gets more traffic in the phase in which cases are easier: mixed together, it would seem better."""
    group = await served.group(hub, challenger_share=1_000)
    easy, hard = (lambda n: scorers(n, (6.0, 6.0), 1)), (lambda n: scorers(n, (0.3, 0.3), 2))
    await fill(hub, served, group, *hard((4500, 500)))
    members = [MemberSpec(version_id=m.version_id, role=m.role, share=5_000) for m in group.phase.members]
    async with hub.work(served.tenant.admin) as work:
        group = await groups.set_split(work, SetSplit(slug=group.slug, phase=1, members=members))
    await fill(hub, served, group, *easy((2000, 2000)), phase=2)
    alone, pooled = await compare(hub, served, group), await compare(hub, served, group, pooled=True)
    assert (alone.differences[0].phases, pooled.differences[0].phases) == ([2], [2, 1])
    assert pooled.differences[0].n == alone.differences[0].n + 5000
    assert pooled.leader is None
    gap = pooled.differences[0]
    assert gap.value is not None
    assert abs(gap.value) < 0.02


async def test_only_cohorts_old_enough_are_compared_where_the_group_says_so(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await fill(hub, served, group, *scorers((300, 300), (1.0, 1.0)))
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=msgspec.structs.replace(group.settings, maturity_hours=1.0)))
    shown = await compare(hub, served, group)
    assert [one.n_compared for one in shown.contenders] == [0, 0]
    assert [one.n for one in shown.contenders] == [300, 300]
    assert shown.maturity is not None
    assert (shown.maturity.policy, shown.maturity.hours) == ("window", 1.0)
    assert shown.conclusion is not None
    assert shown.conclusion.state == "early"
    assert "600 requests younger than" in shown.conclusion.waiting


async def test_a_product_manager_is_told_who_leads_by_how_much_how_sure_and_what_to_do(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    await fill(hub, served, group, *scorers((3000, 3000), (0.5, 3.5)))
    said = (await compare(hub, served, group)).conclusion
    assert said is not None
    assert (said.state, said.headline) == ("leads", "v1.3 leads.")
    assert said.margin.startswith("On the Brier score (lower is better) v1.3 has 0.")
    assert "v1.3 is better by 0." in said.margin
    assert "95 % certainty" in said.margin
    assert "at most 1 comparison in 20" in said.certainty
    assert said.waiting == "Outcomes in: 100 % of v1.2’s, 100 % of v1.3’s."
    assert said.advice == "v1.3 can be promoted on this evidence."
