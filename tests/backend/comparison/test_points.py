"""Scores that are no probabilities: points only rank, so they are judged by rank and by labels, never by their distance to 0 and 1."""

import numpy as np
import pytest
from scipy import stats
from sklearn import metrics

from backend.comparison.verdict import Rule, losses_of
from backend.groups import service as groups
from backend.hub import Hub
from backend.numerics.statistics.counted import of_rows
from backend.numerics.statistics.sequential import compare as sequential
from schemas.group_settings import GroupSettings
from schemas.groups import ConfigureGroup, Group
from tests.backend.comparison.test_comparison import compare, fill, of, scorers
from tests.support.served import Served


def points(scores: dict[str, np.ndarray], offsets: dict[str, float], sign: float = 1.0) -> dict[str, np.ndarray]:
    """Points with a value for each doubling of the odds, as scorecards have them."""
    return {label: offsets[label] + sign * 100 * np.log2(score / (1 - score)) for label, score in scores.items()}


async def lower_means_yes(hub: Hub, served: Served, group: Group) -> None:
    async with hub.work(served.tenant.admin) as work:
        await groups.configure(work, ConfigureGroup(slug=group.slug, settings=GroupSettings(positive_scores="lower")))


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("exact", [False, True])
async def test_points_are_judged_by_how_they_rank_in_the_declared_direction(hub: Hub, served: Served, lower: bool, exact: bool) -> None:
    group = await served.group(hub, challenger_share=5_000)
    if lower:
        await lower_means_yes(hub, served, group)
    scores, labels = scorers((3000, 3000), (0.5, 3.5))
    made = points(scores, {"v1.2": 700.0, "v1.3": 500.0}, -1.0 if lower else 1.0)
    await fill(hub, served, group, made, labels)
    shown = await compare(hub, served, group, exact=exact)
    assert (shown.scale, shown.regression, shown.decision_metric) == ("points", False, "roc_auc")
    assert shown.leader == served.serving.challenger.id
    assert "ROC AUC" in shown.verdict
    for label, truth in labels.items():
        mine, rank = of(shown, label), -made[label] if lower else made[label]
        assert mine.roc_auc.value == pytest.approx(metrics.roc_auc_score(truth, rank), abs=mine.roc_auc.within + 1e-9)
        assert mine.gini.value == pytest.approx(2 * metrics.roc_auc_score(truth, rank) - 1, abs=mine.gini.within + 1e-9)
        assert mine.ks.value == pytest.approx(stats.ks_2samp(rank[truth == 1], rank[truth == 0]).statistic, abs=mine.ks.within + 1e-9)
        assert mine.pr_auc.value == pytest.approx(metrics.average_precision_score(truth, rank), abs=mine.pr_auc.within + 1e-9)
        assert [mine.brier.value, mine.log_loss.value, mine.calibration_error.value, mine.brier_skill.value, mine.rmse.value] == [None] * 5


async def test_a_larger_offset_makes_no_version_better(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000)
    scores, labels = scorers((4000, 4000), (1.5, 1.5))
    await fill(hub, served, group, points(scores, {"v1.2": 300.0, "v1.3": 900.0}), labels)
    shown = await compare(hub, served, group)
    assert shown.leader is None
    assert shown.conclusion is not None
    assert shown.conclusion.state == "open"


async def test_labels_follow_a_threshold_in_the_scores_own_scale(hub: Hub, served: Served) -> None:
    group = await served.group(hub, challenger_share=5_000, threshold=700.0, metric="accuracy")
    await lower_means_yes(hub, served, group)
    scores, labels = scorers((2000, 2000), (1.5, 3.0))
    made = points(scores, {"v1.2": 700.0, "v1.3": 700.0}, -1.0)
    await fill(hub, served, group, made, labels)
    shown = await compare(hub, served, group, exact=True)
    assert (shown.decision_metric, shown.threshold) == ("accuracy", 700.0)
    for label, truth in labels.items():
        assert of(shown, label).accuracy.value == pytest.approx(metrics.accuracy_score(truth, made[label] <= 700.0))
        assert of(shown, label).recall.value == pytest.approx(metrics.recall_score(truth, made[label] <= 700.0))


def test_between_equal_versions_a_leader_on_rank_is_named_seldom_however_often_it_is_looked_at() -> None:
    random, false, runs, looks = np.random.default_rng(11), 0, 200, range(400, 4001, 400)
    for _ in range(runs):
        truth = random.random((2, 4000)) < 0.2
        scores = 600 + 50 * (random.normal(size=(2, 4000)) + truth)
        told = False
        for n in looks:
            sides = [losses_of(of_rows(scores[at, :n], truth[at, :n].astype(float), np.full(n, 1.0)), "roc_auc", Rule(600.0)) for at in (0, 1)]
            told = told or sequential(*sides).decided
        false += told
    assert false / runs <= 0.05


def test_few_of_a_class_count_for_few_rows() -> None:
    scores, truth = np.arange(1000.0), np.zeros(1000)
    truth[:10] = 1.0
    assert losses_of(of_rows(scores, truth, np.full(1000, 1.0)), "roc_auc", Rule(600.0)).n == 50
