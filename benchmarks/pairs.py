"""Figures of paired runs."""

import statistics
from collections.abc import Sequence

from scipy import stats


def interval_of(ratios: Sequence[float], level: float = 0.95) -> tuple[float, float, float]:
    """Two-sided interval of the median ratio of pairs, from order statistics (David and Nagaraja, Order Statistics, 7.1), and the median between.

    With too few pairs for the level, the lowest and the highest ratio bound it.

    >>> interval_of([0.97, 0.98, 0.99, 1.0, 1.01, 1.02, 1.03, 1.04, 1.05])
    (0.98, 1.01, 1.04)
    """
    ordered = sorted(ratios)
    below = int(stats.binom.ppf((1 - level) / 2, len(ordered), 0.5))
    if stats.binom.cdf(below - 1, len(ordered), 0.5) > (1 - level) / 2:
        below -= 1
    cut = max(0, below - 1)
    return ordered[cut], statistics.median(ordered), ordered[-1 - cut]
