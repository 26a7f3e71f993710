"""Discrimination: how well scores separate the positive class from the negative one."""

import numpy as np

from backend.numerics.statistics.counted import Levels
from backend.numerics.statistics.estimate import LEVEL, Estimate, Floats, logit_interval, nothing

REPEATS = 200
MOST_GROUPS = 200
"""Most groups of neighbouring scores in a resample; an interval needs no more."""
SEED = 20261122


def roc_auc(levels: Levels, level: float = LEVEL) -> Estimate:
    """Return the area under the ROC curve: the chance that a positive scores above a negative; a tie counts half.

    Interval: DeLong, DeLong, Clarke-Pearson (1988), from counts (Sun, Xu 2014), symmetric in log-odds. None with one class only. Scores in one bin count as
    tied; `within` is the largest error from this.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> roc_auc(levels_of([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).value
    0.75
    """
    positives, negatives = levels.positives, levels.negatives
    m, n = int(positives.sum()), int(negatives.sum())
    if m == 0 or n == 0:
        return nothing(m + n)
    value = float((np.cumsum(negatives) - negatives / 2) / n @ positives / m)
    error = auc_error(levels)
    if error is None:
        return Estimate(value, None, None, m + n)
    low, high = logit_interval(value, error, level, min(m, n))
    return Estimate(value, low, high, m + n, _tied(levels) / 2)


def gini(auc: Estimate) -> Estimate:
    """Return the Gini coefficient of a score, 2 · AUC - 1 (also called the accuracy ratio, or Somers' D), with its interval carried through.

    >>> gini(Estimate(0.75, 0.7, 0.8, 100)).value
    0.5
    """
    value, low, high = (None if end is None else 2 * end - 1 for end in (auc.value, auc.low, auc.high))
    return Estimate(value, low, high, auc.n, 2 * auc.within)


def kolmogorov_smirnov(levels: Levels, level: float = LEVEL) -> Estimate:
    """Return the Kolmogorov-Smirnov statistic: the largest distance between the score distributions of positives and negatives, 0 to 1.

    Interval: the error of a Poisson bootstrap with a fixed seed, normal in log-odds. None with one class only. The distance within a bin is not known; `within`
    is the largest error from this.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> kolmogorov_smirnov(levels_of([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).value
    0.5
    """
    positives, negatives = levels.positives.astype(np.float64), levels.negatives.astype(np.float64)
    m, n = float(positives.sum()), float(negatives.sum())
    if m == 0 or n == 0:
        return nothing(int(m + n))
    value = float(_distance(positives, negatives))
    random = np.random.default_rng(SEED)
    drawn = [random.poisson(grouped, (REPEATS, len(grouped))).astype(np.float64) for grouped in coarse(positives, negatives)]
    low, high = logit_interval(value, float(np.std(_distance(*drawn), ddof=1)), level, int(min(m, n)))
    within = 0.0 if levels.exact else float(max(np.max(positives) / m, np.max(negatives) / n))
    return Estimate(value, low, high, int(m + n), min(within, 1 - value))


def _distance(positives: Floats, negatives: Floats) -> Floats:
    """Return the largest distance of the two distributions [..., B]."""
    above, below = (np.cumsum(side, axis=-1) / np.maximum(side.sum(axis=-1, keepdims=True), 1) for side in (positives, negatives))
    return np.asarray(np.abs(above - below).max(axis=-1), dtype=np.float64)


def auc_error(levels: Levels) -> float | None:
    """Return the standard error of the area under the ROC curve (DeLong 1988); None with fewer than two of a class."""
    positives, negatives = levels.positives, levels.negatives
    m, n = int(positives.sum()), int(negatives.sum())
    if min(m, n) < 2:
        return None
    placed_positive = (np.cumsum(negatives) - negatives / 2) / n
    placed_negative = (m - np.cumsum(positives) + positives / 2) / m
    value = float(placed_positive @ positives / m)
    sides = ((placed_positive, positives, m), (placed_negative, negatives, n))
    return float(np.sqrt(sum(float(((placed - value) ** 2) @ often) / (size - 1) / size for placed, often, size in sides)))


def pr_auc(levels: Levels, level: float = LEVEL) -> Estimate:
    """Return average precision: the area under the precision-recall curve in steps, without interpolation.

    Interval: the error of a Poisson bootstrap with a fixed seed, normal in log-odds. None without positives. Within a bin, positives count as spread evenly
    among the negatives; `within` covers every other order.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> round(pr_auc(levels_of([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])).value, 4)
    0.8333
    """
    positives, negatives = (side[::-1].astype(np.float64) for side in (levels.positives, levels.negatives))
    total, n = float(positives.sum()), int(positives.sum() + negatives.sum())
    if total == 0:
        return nothing(n)
    best, middle, worst = _average_precision(positives, negatives)
    value = min(float(_stepped(positives, negatives)) if levels.exact else middle, 1.0)
    error = float(np.std(_resampled(positives, negatives), ddof=1)) if n > 1 else 0.0
    low, high = logit_interval(value, error, level, int(total))
    return Estimate(value, low, high, n, 0.0 if levels.exact else max(best - value, value - worst, 0.0))


def _stepped(positives: Floats, negatives: Floats) -> Floats:
    """Return average precision of scores in falling order [..., B]; equal scores are one step."""
    hits, seen = np.cumsum(positives, axis=-1), np.cumsum(positives + negatives, axis=-1)
    found = (positives * hits / np.maximum(seen, 1)).sum(axis=-1) / np.maximum(hits[..., -1], 1)
    return np.asarray(found, dtype=np.float64)


def _average_precision(positives: Floats, negatives: Floats) -> tuple[float, float, float]:
    """Return average precision three times: each bin's positives before its negatives, evenly among them, and after them. Sums of (H+i) / (A+ci) over a bin's
    i-th positive, in closed form.
    """
    from scipy.special import digamma  # noqa: PLC0415  heavy: scipy is loaded with the first comparison

    here = positives > 0
    p, n = positives[here], negatives[here]
    hits, misses = (np.cumsum(positives) - positives)[here], (np.cumsum(negatives) - negatives)[here]

    def area(start: Floats, slope: Floats) -> float:
        base = start / slope
        return float(((p + (hits - base) * (digamma(base + p + 1) - digamma(base + 1))) / slope).sum() / p.sum())

    one = np.ones_like(p)
    return area(hits + misses, one), area(hits + misses - n / (2 * p), 1 + n / p), area(hits + misses + n, one)


def _resampled(positives: Floats, negatives: Floats) -> Floats:
    """Return average precisions of resamples; each draws every row a Poisson number of times."""
    random = np.random.default_rng(SEED)
    drawn = [random.poisson(grouped, (REPEATS, len(grouped))).astype(np.float64) for grouped in coarse(positives, negatives)]
    return _stepped(*drawn)


def coarse(*sides: Floats) -> list[Floats]:
    """Merge neighbouring levels into at most `MOST_GROUPS` groups of about equal mass."""
    mass = np.cumsum(np.sum(sides, axis=0))
    group = np.minimum((mass * MOST_GROUPS / max(mass[-1], 1)).astype(np.int64), MOST_GROUPS - 1)
    starts = np.flatnonzero(np.diff(group, prepend=-1))
    return [np.add.reduceat(side, starts) for side in sides]


def _tied(levels: Levels) -> float:
    """Return the share of pairs of a positive and a negative with unknown order."""
    if levels.exact:
        return 0.0
    return float(levels.positives.astype(np.float64) @ levels.negatives) / (float(levels.positives.sum()) * float(levels.negatives.sum()))
