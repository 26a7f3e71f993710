"""Calibration: how well probabilities match observed rates."""

import numpy as np

from backend.numerics.statistics.counted import Levels
from backend.numerics.statistics.discrimination import REPEATS, SEED, coarse
from backend.numerics.statistics.estimate import LEVEL, Estimate, Floats, normal_quantile, nothing


def brier_skill(brier: float, levels: Levels, level: float = LEVEL) -> Estimate:
    """Return 1 - Brier / the Brier score of a constant forecast of the base rate: 0 is no better than the constant, 1 is perfect. None with one class only.

    Interval: normal, with the error of a Poisson bootstrap with a fixed seed.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> brier_skill(0.25, levels_of([1, 0], [0.5, 0.5])).value
    0.0
    """
    positives, negatives = levels.positives.astype(np.float64), levels.negatives.astype(np.float64)
    n = float(positives.sum() + negatives.sum())
    rate = float(positives.sum()) / n if n else 0.0
    if not 0 < rate < 1:
        return nothing(int(n))
    value = 1 - brier / (rate * (1 - rate))
    half = normal_quantile(level) * float(np.std(_skills(levels.middle, positives, negatives), ddof=1))
    return Estimate(value, value - half, min(value + half, 1.0), int(n))


def _skills(score: Floats, positives: Floats, negatives: Floats) -> Floats:
    random = np.random.default_rng(SEED)
    loss = positives * (1 - score) ** 2, negatives * score**2
    p, n, missed, alarmed = coarse(positives, negatives, *loss)
    hits, others = (random.poisson(side, (REPEATS, len(side))) for side in (p, n))
    sums = hits @ (missed / np.maximum(p, 1)) + others @ (alarmed / np.maximum(n, 1))
    count, positive = (hits + others).sum(axis=1), hits.sum(axis=1)
    usable = (positive > 0) & (positive < count)
    count, positive, sums = count[usable], positive[usable], sums[usable]
    return np.asarray(1 - sums / (positive * (1 - positive / count)), dtype=np.float64) if usable.sum() > 1 else np.zeros(2)


def calibration_error(levels: Levels, bins: int = 10, level: float = LEVEL) -> Estimate:
    """Return the expected calibration error: mean |observed rate - mean probability| over bins of equal mass (Naeini et al. 2015).

    Interval: the least and the largest value over the mean gaps of bins that are compatible with the observed ones. For the lower end these are all gaps within
    a joint chi-square region. Chance alone puts an absolute value above 0, so a calibrated model's interval reaches 0. For the upper end they are the gaps
    within a normal interval. There are fewer bins if a bin would have fewer than two rows; fewer than 4 rows give None.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> calibration_error(levels_of([0, 1] * 50, [0.5] * 100)).value
    0.0
    """
    positives, negatives = levels.positives.astype(np.float64), levels.negatives.astype(np.float64)
    often = positives + negatives
    n = int(often.sum())
    if n < 4:
        return nothing(n)
    starts, moved = _equal_masses(often, min(bins, n // 2))
    score = levels.middle
    sums = (often, positives - often * score, positives * (1 - score) ** 2 + negatives * score**2, often * score)
    counts, gaps, squares, expected = (np.add.reduceat(column, starts) for column in sums)
    means = gaps / counts
    rate = np.clip(expected / counts, 0, 1)
    variances = np.maximum(squares / counts - means**2, np.clip(rate * (1 - rate), 1e-9, None)) / counts
    weights, z = counts / n, normal_quantile(level)
    value = float(np.abs(means) @ weights)
    high = value + z * float(np.sqrt(weights**2 @ variances))
    width = 0.0 if levels.exact else float(often @ (levels.high - levels.low)) / 2 / n + 2 * moved / n
    return Estimate(value, smallest_gaps(means, variances, weights, z), min(high, 1.0), n, width)


def smallest_gaps(means: Floats, variances: Floats, weights: Floats, z: float) -> float:
    """Return the smallest weighted sum of absolute gaps in the region around the means. A multiplier, found by bisection, shrinks each gap towards 0."""
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


def _equal_masses(often: Floats, bins: int) -> tuple["np.ndarray[tuple[int], np.dtype[np.int64]]", float]:
    """Divide levels into parts of about equal mass, each level in one part. Return the start of each part, and the number of rows that this displaces."""
    ends = np.cumsum(often)
    wanted = np.linspace(0, ends[-1], bins + 1)[1:-1].astype(np.int64)
    at = np.searchsorted(ends, wanted, side="right")
    starts = np.unique(np.concatenate([[0], at]))
    starts = starts[(starts == 0) | (ends[np.maximum(starts - 1, 0)] > 0)]
    return starts.astype(np.int64), float((wanted - (ends[at] - often[at])).sum())
