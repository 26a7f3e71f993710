"""Bounds of a figure when some outcomes are unknown: the least and the most over all values of these outcomes.

Worst-case bounds (Manski 1989, "Anatomy of the selection problem"): every unknown outcome is good, or bad, or within a plausible range for its score. The
bounds do not cover chance. `least` and `most` add chance at each end (Imbens & Manski 2004, "Confidence intervals for partially identified parameters", with
the one-sided quantile).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.statistics.binning import Ints
from backend.numerics.statistics.counted import Levels
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.proportions import wilson

ONE_SIDED = 1.6448536269514722
TURNS, STEPS = 100, 9


@dataclass(frozen=True)
class Bounds:
    """A figure lies between `low` and `high` in these n rows, and with 95 % certainty between `least` and `most` in rows like them.

    `unknown` of the n outcomes are not known. All four ends are None if there is no figure.
    """

    low: float | None
    high: float | None
    least: float | None
    most: float | None
    n: int
    unknown: int


@dataclass(frozen=True)
class Outcomes:
    """Counts of bad (1), good (0) and unknown outcomes at ascending scores [B]. `rates` [B, 2]: the least and the largest bad rate of the unknown ones."""

    scores: Floats
    bad: Floats
    good: Floats
    unknown: Floats
    rates: Floats

    @classmethod
    def of(cls, levels: Levels, rates: ArrayLike = (0.0, 1.0)) -> "Outcomes":
        """Return the outcomes from counts; `rates` [2] or [B, 2]."""
        plausible = np.broadcast_to(np.clip(np.asarray(rates, dtype=np.float64), 0, 1), (len(levels.low), 2))
        bad, good, unknown = (side.astype(np.float64) for side in (levels.positives, levels.negatives, levels.counts[:, 0]))
        return cls(levels.middle, bad, good, unknown, plausible)

    @property
    def n(self) -> float:
        """Return the number of rows."""
        return float((self.bad + self.good + self.unknown).sum())


def plausible(levels: Levels, factor: float = 2.0, bins: int = 10) -> Floats:
    """Return the plausible range [B, 2] of the bad rate of each level's unknown outcomes: the band's known rate, with its odds divided and multiplied by
    `factor`.

    Each band is a tenth of all scores. A band without known outcomes takes the nearest band's known rate as its lower end towards higher scores, or its upper
    end towards lower ones. The other end stays open: unknown stays unknown.
    """
    often, known, bad = (side.astype(np.float64) for side in (levels.all, levels.positives + levels.negatives, levels.positives))
    total = max(float(often.sum()), 1.0)
    place = np.minimum(((np.cumsum(often) - often) * bins / total).astype(np.int64), bins - 1)
    counts, hits = (np.bincount(place, weights=side, minlength=bins) for side in (known, bad))
    spans = np.array([_range(round(hit), round(count), factor) for hit, count in zip(hits, counts, strict=True)])
    for at in range(1, bins):  # a band without known outcomes is not better than a safer one
        if counts[at] == 0:
            spans[at, 0] = spans[at - 1, 0]
    for at in range(bins - 2, -1, -1):
        if counts[at] == 0:
            spans[at, 1] = spans[at + 1, 1]
    return np.asarray(spans[place], dtype=np.float64)


def bad_rate(rows: Outcomes) -> Bounds:
    """Return the share of bad outcomes.

    >>> one = Outcomes(np.array([0.1, 0.9]), np.array([1.0, 0.0]), np.array([3.0, 0.0]), np.array([0.0, 4.0]), np.array([[0.0, 1.0], [0.0, 1.0]]))
    >>> found = bad_rate(one)
    >>> found.low, found.high, found.n, found.unknown
    (0.125, 0.625, 8, 4)
    """
    return _mean(rows, np.zeros_like(rows.scores), np.ones_like(rows.scores))


def brier(rows: Outcomes) -> Bounds:
    """Return the mean squared distance of a probability to its outcome."""
    return _mean(rows, rows.scores**2, (1 - rows.scores) ** 2)


def roc_auc(rows: Outcomes) -> Bounds:
    """Return the area under the ROC curve. At both ends the unknown outcomes are bad above a score and good below it, or the reverse."""
    extra = rows.unknown * (rows.rates[:, 1] - rows.rates[:, 0])
    bad = rows.bad + rows.unknown * rows.rates[:, 0]
    good = rows.good + rows.unknown * (1 - rows.rates[:, 1])
    high, low = (_extreme(bad, good, extra, best) for best in (True, False))
    n, unknown = round(rows.n), round(rows.unknown.sum())
    if high is None or low is None:
        return Bounds(None, None, None, None, n, unknown)
    (lowest, low_error), (highest, high_error) = low, high
    return Bounds(lowest, highest, max(lowest - ONE_SIDED * low_error, 0.0), min(highest + ONE_SIDED * high_error, 1.0), n, unknown)


def _mean(rows: Outcomes, if_good: Floats, if_bad: Floats) -> Bounds:
    n, unknown = rows.n, round(rows.unknown.sum())
    if n == 0:
        return Bounds(None, None, None, None, 0, 0)
    worse = if_bad >= if_good
    ends = []
    for side, sign in ((0, -1.0), (1, 1.0)):
        rate = np.where(worse, rows.rates[:, side], rows.rates[:, 1 - side])
        bad, good = rows.bad + rows.unknown * rate, rows.good + rows.unknown * (1 - rate)
        mean = float((bad @ if_bad + good @ if_good) / n)
        error = float(np.sqrt(max(float(bad @ if_bad**2 + good @ if_good**2) / n - mean**2, 0.0) / n))
        ends.append((mean, min(max(mean + sign * ONE_SIDED * error, 0.0), 1.0)))
    (low, least), (high, most) = ends
    return Bounds(low, high, least, most, round(n), unknown)


def _extreme(bad: Floats, good: Floats, extra: Floats, best: bool) -> tuple[float, float] | None:
    """Return the largest (or smallest) area, with its standard error, over the score at which the unknown outcomes turn from good to bad.

    For a given number of bad outcomes the area is largest when they have the highest scores. So only the turning point is searched: roughly first, then all
    levels near the best, each also turned in part.
    """
    there = np.flatnonzero(extra > 0)
    there = there if len(there) else np.zeros(1, dtype=np.int64)
    rough = np.unique(np.linspace(0, len(there) - 1, TURNS).astype(np.int64))
    areas = _areas(*_turned(bad, good, extra, there[rough], np.ones(len(rough)), best))
    parts = np.linspace(0, 1, STEPS)
    if np.isnan(areas).all():  # a class is there only if a level turns in part
        near = there
    else:
        at = int(np.nanargmax(areas if best else -areas))
        near = there[rough[max(at - 1, 0)] : rough[min(at + 1, len(rough) - 1)] + 1]
    positives, negatives = _turned(bad, good, extra, np.repeat(near, STEPS), np.tile(parts, len(near)), best)
    areas = _areas(positives, negatives)
    if np.isnan(areas).all():
        return None
    found = int(np.nanargmax(areas if best else -areas))
    return float(areas[found]), _auc_error(positives[found], negatives[found])


def _turned(bad: Floats, good: Floats, extra: Floats, turns: Ints, parts: Floats, best: bool) -> tuple[Floats, Floats]:
    """Return bad and good counts [t, B], if a part [t] of each turning level [t] is bad, and all of the levels beyond."""
    order, at = np.arange(len(extra))[None], turns[:, None]
    rate = np.where(order == at, parts[:, None], (order > at) if best else (order < at))
    return bad + extra * rate, good + extra * (1 - rate)


def _areas(positives: Floats, negatives: Floats) -> Floats:
    """Return the areas under the curve [t] of counts [t, B]; NaN with less than one row of a class."""
    m, n = positives.sum(axis=1), negatives.sum(axis=1)
    pairs = ((np.cumsum(negatives, axis=1) - negatives / 2) * positives).sum(axis=1)
    return np.asarray(np.where((m >= 1) & (n >= 1), pairs / np.maximum(m * n, 1), np.nan), dtype=np.float64)


def _auc_error(positives: Floats, negatives: Floats) -> float:
    """Return DeLong's standard error from counts."""
    m, n = float(positives.sum()), float(negatives.sum())
    if min(m, n) <= 1:
        return 0.5
    above, below = (np.cumsum(negatives) - negatives / 2) / n, (m - np.cumsum(positives) + positives / 2) / m
    value = float(above @ positives / m)
    sides = ((above, positives, m), (below, negatives, n))
    return float(np.sqrt(sum(float(((placed - value) ** 2) @ often) / (size - 1) / size for placed, often, size in sides)))


def _range(bad: int, known: int, factor: float) -> tuple[float, float]:
    found = wilson(bad, known)
    if found.low is None or found.high is None:
        return 0.0, 1.0
    low, high = (end / (1 - end) if end < 1 else np.inf for end in (found.low, found.high))
    return low / factor / (1 + low / factor) if np.isfinite(low) else 1.0, high * factor / (1 + high * factor) if np.isfinite(high) else 1.0
