"""Shares of decisions that were right."""

from dataclasses import dataclass, replace

import numpy as np

from backend.numerics.statistics.counted import Levels
from backend.numerics.statistics.estimate import LEVEL, Estimate, normal_quantile, nothing


@dataclass(frozen=True)
class Confusion:
    """Counts of decisions against the truth."""

    tp: int
    fp: int
    fn: int
    tn: int
    unsure: int = 0

    @property
    def n(self) -> int:
        """Return the number of decisions."""
        return self.tp + self.fp + self.fn + self.tn


def confusion(levels: Levels, threshold: float = 0.5) -> Confusion:
    """Return the counts when a score at or above the threshold means yes. A bin that the threshold cuts counts by its middle; `unsure` is the number of rows in
    it.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> confusion(levels_of([1, 0, 1], [0.9, 0.5, 0.2]))
    Confusion(tp=1, fp=1, fn=1, tn=0, unsure=0)
    """
    said = np.where(levels.low >= threshold, True, (levels.high > threshold) & (levels.middle >= threshold))
    tp, fp = int(levels.positives[said].sum()), int(levels.negatives[said].sum())
    cut = (levels.low < threshold) & (levels.high > threshold)
    unsure = int(levels.positives[cut].sum() + levels.negatives[cut].sum())
    return Confusion(tp, fp, int(levels.positives.sum()) - tp, int(levels.negatives.sum()) - fp, unsure)


def wilson(successes: int, n: int, level: float = LEVEL) -> Estimate:
    """Return a proportion with Wilson's score interval (Wilson 1927), which keeps its coverage near 0 and 1. None for n = 0.

    >>> wilson(0, 10).low, round(wilson(0, 10).high, 4)
    (0.0, 0.2775)
    """
    if n == 0:
        return nothing(0)
    z2 = normal_quantile(level) ** 2
    share = successes / n
    centre = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = float(np.sqrt(z2 * (share * (1 - share) / n + z2 / (4 * n * n)))) / (1 + z2 / n)
    low = 0.0 if successes == 0 else max(centre - half, 0.0)
    return Estimate(share, low, 1.0 if successes == n else min(centre + half, 1.0), n)


def accuracy(counts: Confusion, level: float = LEVEL) -> Estimate:
    """Return the share of decisions that were right."""
    return _within(wilson(counts.tp + counts.tn, counts.n, level), counts.unsure)


def precision(counts: Confusion, level: float = LEVEL) -> Estimate:
    """Return the share of right decisions among those with yes. None without a yes."""
    return _within(wilson(counts.tp, counts.tp + counts.fp, level), counts.unsure)


def recall(counts: Confusion, level: float = LEVEL) -> Estimate:
    """Return the share of positives with yes. None without positives."""
    return _within(wilson(counts.tp, counts.tp + counts.fn, level), counts.unsure)


def f1(counts: Confusion, level: float = LEVEL) -> Estimate:
    """Return the harmonic mean of precision and recall, 2tp / (2tp + fp + fn). None when all three are 0.

    F1 = 2q / (1 + q), q = tp / (tp + fp + fn) (the F* of Hand, Christen, Kirielle 2021). q is a proportion. Its Wilson interval, transformed, is that of F1,
    and is valid at 0 and 1, where the error of the delta method vanishes.

    >>> f1(Confusion(tp=2, fp=1, fn=1, tn=6)).value
    0.6666666666666666
    """
    share = wilson(counts.tp, counts.tp + counts.fp + counts.fn, level)
    if share.value is None or share.low is None or share.high is None:
        return nothing(share.n)
    value, low, high = (2 * q / (1 + q) for q in (share.value, share.low, share.high))
    return _within(Estimate(value, low, high, share.n), 2 * counts.unsure)


def _within(share: Estimate, unsure: int) -> Estimate:
    """Return the share with `within`: its largest change if `unsure` decisions, or n itself, change by this number."""
    return replace(share, within=min(unsure / max(share.n - unsure, 1), 1.0)) if unsure else share
