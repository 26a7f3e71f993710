"""Side by side within one phase."""

import time
from collections.abc import Sequence

import numpy as np
import pytest
from sklearn import metrics

from backend.bootstrap import Hub
from backend.groups import service as groups
from backend.ids import new_id
from backend.inference import comparison
from backend.inference.log.rows import row_of
from backend.inference.log.writer import LogRef, write
from backend.inference.outcomes import record as record_outcomes
from schemas.groups import Contender, Group, MemberSpec, SetSplit
from schemas.inference import Outcome, RecordOutcomes
from tests.backend.inference.records import record
from tests.support.served import Served


async def fill(hub: Hub, served: Served, group: Group, scores: dict[str, np.ndarray], labels: dict[str, np.ndarray], phase: int = 1) -> None:
    """Rows of a log with known scores by version label, and their outcomes."""
    assert served.tenant.admin.tenant_id
    ref = LogRef(group.id, served.tenant.admin.tenant_id, group.slug, group.table_name)
    rows, told = [], []
    for member in group.phase.members:
        for score, actual in zip(scores[member.label].tolist(), labels[member.label].tolist(), strict=True):
            made = record(version_id=member.version_id, version=member.label, role=str(member.role), phase=phase, score=score, latency_us=250)
            rows.append(row_of(made, None, None))
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


async def compare(hub: Hub, served: Served, group: Group, phase: int | None = None) -> comparison.Comparison:
    async with hub.work(served.tenant.admin, read_only=True) as work:
        return await comparison.compare(work, group.slug, phase)


def of(shown: comparison.Comparison, label: str) -> Contender:
    return next(contender for contender in shown.contenders if contender.label == label)


async def test_the_figures_are_those_of_scikit_learn_each_with_an_interval_around_it(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    scores, labels = scorers((1800, 200), (1.5, 1.5))
    await fill(hub, served, group, scores, labels)
    shown = await compare(hub, served, group)
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
        }
        for name, value in expected.items():
            estimate = getattr(mine, name)
            assert estimate.value == pytest.approx(value, abs=1e-9), name
            assert estimate.interval.low < value < estimate.interval.high, name
        assert (mine.n, mine.n_labelled) == (len(score), len(score))
        assert mine.latency is not None
        assert mine.latency.p50_us == 250
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


async def test_twenty_thousand_rows_are_compared_in_a_moment(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await fill(hub, served, group, *scorers((18_000, 2_000), (1.0, 1.0)))
    await compare(hub, served, group)
    comparison._shown.clear()
    started = time.monotonic()
    await compare(hub, served, group)
    assert time.monotonic() - started < 2.0
