"""Finds the best bins of a feature for which the rate of a binary target only rises, or only falls.

It starts from fine bins of equal mass. Dynamic programming finds the partition with the greatest log-likelihood of the target. The rate must be monotone, with
at most `most` bins and at least `least` rows in each. (optbinning solves the same problem by integer programming: Navas-Palencia 2020, arXiv 2001.08025.)
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Direction = Literal["increasing", "decreasing", "auto", "any"]


def best_partition(positives: Floats, negatives: Floats, most: int, least: float, direction: Direction = "auto") -> list[int]:
    """Return the start of each bin, from counts by fine bin [b] in the order of the values; one bin if no other partition is allowed. `increasing` and
    `decreasing` apply to the rate of positives; `auto` takes the better of the two; `any` requires no order.

    >>> best_partition(np.array([1.0, 1, 8, 9]), np.array([9.0, 9, 2, 1]), 2, 1.0)
    [0, 2]
    """
    sides = ("increasing", "decreasing") if direction == "auto" else (direction,)
    found = [_search(positives, negatives, most, least, side) for side in sides]
    return max(found, key=lambda one: one[0])[1]


def log_likelihood(positives: Floats, negatives: Floats) -> Floats:
    """Return the log-likelihood [...] of counts at their own rate.

    >>> float(log_likelihood(np.array(0.0), np.array(5.0)))
    0.0
    """
    both = positives + negatives
    parts = [np.where(side > 0, side * np.log(np.where(side > 0, side, 1.0) / np.where(both > 0, both, 1.0)), 0.0) for side in (positives, negatives)]
    return np.asarray(parts[0] + parts[1], dtype=np.float64)


def _search(positives: Floats, negatives: Floats, most: int, least: float, direction: str) -> tuple[float, list[int]]:
    """Return the best value and its starts. `best[i, j, k]` is the value of `k + 1` bins, the last one from i up to j."""
    count = len(positives)
    up, down = np.append(0.0, np.cumsum(positives)), np.append(0.0, np.cumsum(negatives))
    pos, neg = up[None, :] - up[:, None], down[None, :] - down[:, None]  # [i, j]: of the fine bins from i up to j
    both = pos + neg
    fits = (both >= least) & (np.arange(count + 1)[None, :] > np.arange(count + 1)[:, None])
    value = np.where(fits, log_likelihood(np.maximum(pos, 0), np.maximum(neg, 0)), -np.inf)
    rate = pos / np.where(both > 0, both, 1.0)
    best = np.full((count + 1, count + 1, most), -np.inf)
    before = np.zeros((count + 1, count + 1, most), dtype=np.int64)
    best[0, :, 0] = value[0]
    for start in range(1, count):
        for end in range(start + 1, count + 1):
            if not fits[start, end]:
                continue
            allowed = _allowed(rate[:start, start], rate[start, end], direction)
            earlier = np.where(allowed[:, None], best[:start, start, :-1], -np.inf)
            before[start, end, 1:] = earlier.argmax(axis=0)
            best[start, end, 1:] = earlier.max(axis=0) + value[start, end]
    last = best[:, count, :]
    at, bins = np.unravel_index(int(last.argmax()), last.shape)
    if not np.isfinite(last[at, bins]):
        return float(log_likelihood(up[-1], down[-1])), [0]
    starts, start, end = [int(at)], int(at), count
    for k in range(int(bins), 0, -1):
        start, end = int(before[start, end, k]), start
        starts.append(start)
    return float(last[at, bins]), starts[::-1]


def _allowed(earlier: Floats, rate: float, direction: str) -> NDArray[np.bool_]:
    if direction == "increasing":
        return np.asarray(earlier < rate, dtype=np.bool_)
    return np.asarray(earlier > rate if direction == "decreasing" else earlier != rate, dtype=np.bool_)
