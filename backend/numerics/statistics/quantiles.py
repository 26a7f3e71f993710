"""Quantiles, mainly of latencies."""

import numpy as np

from backend.numerics.statistics.counted import Levels
from backend.numerics.statistics.estimate import LEVEL, Estimate, normal_quantile, nothing


def quantile(levels: Levels, q: float, level: float = LEVEL) -> Estimate:
    """Return the q-quantile of values given as counts (linear between order statistics), with a distribution-free interval.

    The interval's ends are order statistics whose ranks are binomial (Conover 1999, section 3.2). Within a bin, values count as spread evenly; `within` is the
    bin's width. None without values.

    >>> from backend.numerics.statistics.counted import levels_of
    >>> quantile(levels_of([0.0, 0.0, 0.0], [3.0, 1.0, 2.0]), 0.5).value
    2.0
    """
    counts = levels.all
    n = int(counts.sum())
    if n == 0:
        return nothing(0)
    ends = np.cumsum(counts)
    half = normal_quantile(level) * np.sqrt(n * q * (1 - q))
    low, high = np.clip([np.floor(n * q - half) - 1, np.ceil(n * q + half)], 0, n - 1)
    whole, part = divmod(q * (n - 1), 1)
    below, above = (_ranked(levels, ends, rank) for rank in (whole, min(whole + 1, n - 1)))
    at = int(np.searchsorted(ends, whole, side="right"))
    value = below + (above - below) * part
    return Estimate(value, _ranked(levels, ends, low), _ranked(levels, ends, high), n, float(levels.high[at] - levels.low[at]))


def _ranked(levels: Levels, ends: "np.ndarray[tuple[int], np.dtype[np.int64]]", rank: float) -> float:
    """Return the value at a rank, counted from 0."""
    at = int(np.searchsorted(ends, rank, side="right"))
    often = int(levels.all[at])
    place = (rank - (int(ends[at]) - often) + 0.5) / often
    return float(levels.low[at] + (levels.high[at] - levels.low[at]) * place)
