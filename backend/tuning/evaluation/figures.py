"""Metrics of one part of the rows, each with its interval."""

import numpy as np

from backend.numerics.statistics.calibration import brier_skill, calibration_error
from backend.numerics.statistics.counted import levels_of
from backend.numerics.statistics.discrimination import SEED, gini, kolmogorov_smirnov, pr_auc, roc_auc
from backend.numerics.statistics.estimate import Estimate, mean_of, normal_quantile, nothing
from backend.numerics.statistics.proportions import accuracy, confusion, f1, precision, recall, wilson
from backend.numerics.statistics.sketch import log_losses
from backend.tuning.evaluation.evaluated import Floats, Objective
from backend.tuning.evaluation.stated import metric
from schemas.model_document import Metric, Split

REPEATS = 200
BLOCKS = 200


def mean(values: Floats, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Estimate:
    """The mean of values [n] with its interval."""
    start = float(values.mean()) if len(values) else 0.0
    shifted = values - start  # sums of small numbers keep their digits
    found = mean_of(len(values), float(shifted.sum()), float((shifted**2).sum()))
    low, high = (None if end is None else float(np.clip(end + start, *bounds)) for end in (found.low, found.high))
    return Estimate(None if found.value is None else found.value + start, low, high, found.n)


def binary_figures(actual: Floats, score: Floats, threshold: float, split: Split) -> list[Metric]:
    """Metrics of probabilities [n] of the class 1 against `actual` [n], 0 or 1."""
    levels = levels_of(actual, score)
    auc, brier = roc_auc(levels), mean((score - actual) ** 2, (0.0, 1.0))
    of_scores = [
        ("roc_auc", auc),
        ("gini", gini(auc)),
        ("pr_auc", pr_auc(levels)),
        ("ks", kolmogorov_smirnov(levels)),
        ("brier", brier),
        ("brier_skill", brier_skill(brier.value, levels) if brier.value is not None else nothing(0)),
        ("log_loss", mean(log_losses(actual, score), (0.0, np.inf))),
        ("ece", calibration_error(levels)),
        ("prevalence", wilson(int(actual.sum()), len(actual))),
    ]
    counts = confusion(levels, threshold)
    decided = [("accuracy", accuracy(counts)), ("precision", precision(counts)), ("recall", recall(counts)), ("f1", f1(counts))]
    found = [one for name, value in of_scores for one in metric(name, value, split)]
    return found + [one for name, value in decided for one in metric(name, value, split, threshold=threshold)]


def multiclass_figures(actual: Floats, score: Floats, classes: list[str], split: Split) -> list[Metric]:
    """Metrics of probabilities [n, classes] against class codes `actual` [n]."""
    codes, said = actual.astype(np.int64), score.argmax(axis=1)
    chosen = np.clip(score[np.arange(len(codes)), codes], 1e-15, 1.0)
    found = metric("accuracy", wilson(int((codes == said).sum()), len(codes)), split) + metric("log_loss", mean(-np.log(chosen), (0.0, np.inf)), split)
    areas: list[float] = []
    for at, name in enumerate(classes):
        truth = (codes == at).astype(np.float64)
        area = roc_auc(levels_of(truth, score[:, at]))
        counts = confusion(levels_of(truth, (said == at).astype(np.float64)))
        areas += [area.value] if area.value is not None else []
        for figure, value in (("roc_auc", area), ("precision", precision(counts)), ("recall", recall(counts)), ("f1", f1(counts))):
            found += metric(figure, value, split, cls=name)
    if areas:
        found += metric("roc_auc", Estimate(float(np.mean(areas)), None, None, len(codes)), split, average="macro")
    return found


def number_figures(actual: Floats, score: Floats, objective: Objective, split: Split, alpha: float = 0.5) -> list[Metric]:
    """Metrics of predicted numbers [n] against `actual` [n]. `alpha` is the share of a quantile objective."""
    gap = actual - score
    found = metric("mae", mean(np.abs(gap), (0.0, np.inf)), split) + metric("bias", mean(-gap), split)
    squared = mean(gap**2, (0.0, np.inf))
    value, low, high = (None if end is None else float(np.sqrt(end)) for end in (squared.value, squared.low, squared.high))
    found += metric("rmse", Estimate(value, low, high, squared.n), split) + metric("r2", r_squared(actual, score), split)
    if objective == "quantile":
        found += metric("pinball_loss", mean(np.maximum(alpha * gap, (alpha - 1) * gap), (0.0, np.inf)), split)
        found += metric("coverage", wilson(int((actual <= score).sum()), len(actual)), split)
    if objective in ("poisson", "tweedie") and (score > 0).all() and (actual >= 0).all():
        found += metric("poisson_deviance", mean(poisson_deviances(actual, score), (0.0, np.inf)), split)
    return found


def poisson_deviances(actual: Floats, score: Floats) -> Floats:
    """The unit deviances [n] of expected counts, `2 (y log(y / m) - y + m)`."""
    ratio = np.where(actual > 0, actual / score, 1.0)
    return np.asarray(2 * (actual * np.log(ratio) - actual + score), dtype=np.float64)


def r_squared(actual: Floats, score: Floats) -> Estimate:
    """The share of the variance that the scores explain, 1 - Σ(y - s)² / Σ(y - mean)². None where the target is constant.

    Interval: normal, with the error of a Poisson bootstrap over 200 blocks of rows with a fixed seed.
    """
    n = len(actual)
    if n < 2 or np.ptp(actual) == 0:
        return nothing(n)
    centred = actual - actual.mean()
    block = np.random.default_rng(SEED).permutation(n) % min(n, BLOCKS)
    sums = np.array([np.bincount(block, weights=column) for column in ((actual - score) ** 2, centred**2, centred, np.ones(n))])
    value = 1 - sums[0].sum() / sums[1].sum()
    drawn = np.random.default_rng(SEED).poisson(1.0, (REPEATS, sums.shape[1])) @ sums.T
    spread = drawn[:, 1] - drawn[:, 2] ** 2 / np.maximum(drawn[:, 3], 1)
    repeats = 1 - drawn[spread > 0, 0] / spread[spread > 0]
    if len(repeats) < 2:
        return Estimate(float(value), None, None, n)
    half = normal_quantile(0.95) * float(np.std(repeats, ddof=1))
    return Estimate(float(value), float(value - half), min(float(value + half), 1.0), n)
