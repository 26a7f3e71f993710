"""Whether probabilities mean what they say."""

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.estimate import LEVEL, Estimate, Floats, labels_and_scores, mean, normal_quantile, nothing


def brier(actual: ArrayLike, score: ArrayLike, level: float = LEVEL) -> Estimate:
    """The mean squared gap between probability and truth (Brier 1950); 0 is perfect.

    >>> round(brier([1, 0], [0.8, 0.4]).value, 12)
    0.1
    """
    return mean(brier_losses(actual, score), level, (0.0, 1.0))


def brier_losses(actual: ArrayLike, score: ArrayLike) -> Floats:
    """The squared gap of each row, in [0, 1]."""
    truth, scores = labels_and_scores(actual, score)
    return np.asarray((scores - truth) ** 2, dtype=np.float64)


def brier_skill(actual: ArrayLike, score: ArrayLike) -> float | None:
    """1 - Brier / the Brier score of always saying the base rate: 0 is no better than that, 1 is perfect. None with one class only.

    >>> brier_skill([1, 0], [0.5, 0.5])
    0.0
    """
    truth, _ = labels_and_scores(actual, score)
    rate = float(truth.mean()) if len(truth) else 0.0
    return 1 - float(brier_losses(actual, score).mean()) / (rate * (1 - rate)) if 0 < rate < 1 else None


def log_loss(actual: ArrayLike, score: ArrayLike, level: float = LEVEL) -> Estimate:
    """The mean of -log of the probability given to what happened.

    >>> round(log_loss([1, 0], [0.5, 0.5]).value, 4)
    0.6931
    """
    return mean(log_losses(actual, score), level, (0.0, np.inf))


def log_losses(actual: ArrayLike, score: ArrayLike) -> Floats:
    """-log of the probability given to what happened, of each row; certainty is capped at 2^-52 from 0 and 1."""
    truth, scores = labels_and_scores(actual, score)
    margin = np.finfo(np.float64).eps
    clipped = np.clip(scores, margin, 1 - margin)
    return np.asarray(-np.log(np.where(truth, clipped, 1 - clipped)), dtype=np.float64)


def calibration_error(actual: ArrayLike, score: ArrayLike, bins: int = 10, level: float = LEVEL) -> Estimate:
    """The expected calibration error: mean |observed rate - mean probability| over bins of equal mass (Naeini et al. 2015).

    Interval: the least and the greatest value among the bins' mean gaps that are compatible with those seen: for the lower end all
    gaps within a joint chi-square region, since an absolute value is above 0 by chance alone (a calibrated model's interval reaches
    0); for the upper end those within a normal interval. Fewer rows than two a bin use fewer bins; fewer than 4 rows say nothing.

    >>> calibration_error([0, 1] * 50, [0.5] * 100).value
    0.0
    """
    truth, scores = labels_and_scores(actual, score)
    n = len(truth)
    if n < 4:
        return nothing(n)
    order = np.argsort(scores, kind="stable")
    edges = np.linspace(0, n, min(bins, n // 2) + 1).astype(np.int64)
    edges = _apart(scores[order], edges)
    gaps = (truth - scores)[order]
    counts = np.diff(edges)
    means = np.add.reduceat(gaps, edges[:-1]) / counts
    squares = np.add.reduceat(gaps**2, edges[:-1]) / counts
    expected = np.add.reduceat(scores[order], edges[:-1]) / counts
    variances = np.maximum(squares - means**2, np.clip(expected * (1 - expected), 1e-9, None)) / counts
    weights, z = counts / n, normal_quantile(level)
    value = float(np.abs(means) @ weights)
    high = value + z * float(np.sqrt(weights**2 @ variances))
    return Estimate(value, _least(means, variances, weights, z), min(high, 1.0), n)


def _least(means: Floats, variances: Floats, weights: Floats, z: float) -> float:
    """The smallest weighted sum of absolute gaps in the region around the means: each shrunk towards 0 by a multiplier found by halving."""
    bins = len(means)
    radius = bins * (1 - 2 / (9 * bins) + z * np.sqrt(2 / (9 * bins))) ** 3  # chi-square's quantile by Wilson and Hilferty (1931)
    if (means**2 / variances).sum() <= radius:
        return 0.0
    below, above = 0.0, float(np.max(np.abs(means) / (weights * variances)))
    for _ in range(60):
        middle = (below + above) / 2
        shrunk = np.maximum(np.abs(means) - middle * weights * variances, 0)
        moved = ((np.abs(means) - shrunk) ** 2 / variances).sum()
        below, above = (middle, above) if moved < radius else (below, middle)
    return float(np.maximum(np.abs(means) - above * weights * variances, 0) @ weights)


def _apart(ordered: Floats, edges: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Edges moved so that equal scores share a bin: which side of an edge they fall on would be the rows' order."""
    moved = np.searchsorted(ordered, ordered[edges[1:-1]], side="left")
    return np.unique(np.concatenate([[0], moved, [len(ordered)]])).astype(np.int64)
