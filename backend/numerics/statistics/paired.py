"""Differences of two models on the same rows."""

import numpy as np

from backend.numerics.statistics.estimate import LEVEL, Estimate, Floats, mean_of, normal_quantile, nothing


def paired_mean(first: Floats, second: Floats, level: float = LEVEL) -> Estimate:
    """Return the mean of `first - second`, two losses of the same rows [n], with the interval of the paired differences.

    >>> paired_mean(np.array([1.0, 2.0]), np.array([1.0, 1.0])).value
    0.5
    """
    gaps = first - second
    shifted = gaps - gaps[0] if len(gaps) else gaps  # sums of small numbers keep their digits
    found = mean_of(len(gaps), float(shifted.sum()), float((shifted**2).sum()), level)
    start = float(gaps[0]) if len(gaps) else 0.0
    value, low, high = (None if end is None else end + start for end in (found.value, found.low, found.high))
    return Estimate(value, low, high, found.n)


def paired_auc(actual: Floats, first: Floats, second: Floats, level: float = LEVEL) -> Estimate:
    """Return the difference of two areas under the ROC curve on the same rows [n], first minus second; `actual` is 0 or 1.

    Interval: DeLong, DeLong, Clarke-Pearson (1988). None with one class only; no interval with fewer than two rows of a class.

    >>> paired_auc(np.array([0.0, 0, 1, 1]), np.array([0.1, 0.4, 0.35, 0.8]), np.array([0.1, 0.2, 0.3, 0.4])).value
    -0.25
    """
    positive = actual == 1
    m, n = int(positive.sum()), int((~positive).sum())
    if m == 0 or n == 0:
        return nothing(m + n)
    placed = [_placements(positive, score) for score in (first, second)]
    gaps = [left - right for left, right in zip(*placed, strict=True)]
    value = float(gaps[0].mean())
    if min(m, n) < 2:
        return Estimate(value, None, None, m + n)
    error = float(np.sqrt(np.var(gaps[0], ddof=1) / m + np.var(gaps[1], ddof=1) / n))
    half = normal_quantile(level) * error
    return Estimate(value, max(value - half, -1.0), min(value + half, 1.0), m + n)


def _placements(positive: "np.ndarray[tuple[int], np.dtype[np.bool_]]", score: Floats) -> tuple[Floats, Floats]:
    """Return, for each positive, the share of negatives below it, and for each negative the share of positives above it; a tie counts half."""
    ups, downs = np.sort(score[positive]), np.sort(score[~positive])
    below = (np.searchsorted(downs, score[positive], "left") + np.searchsorted(downs, score[positive], "right")) / 2 / len(downs)
    above = 1 - (np.searchsorted(ups, score[~positive], "left") + np.searchsorted(ups, score[~positive], "right")) / 2 / len(ups)
    return below, above
