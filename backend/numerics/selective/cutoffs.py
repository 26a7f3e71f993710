"""The results of each possible cut-off: approval rate, bad rate, value, recall and the four-fifths ratio, on mature applications.

An application is approved on the safe side of the cut-off. Its outcome is known, or represented by similar applications that a lot approved (weight 1/p), or
not known. `unknown` is the weighted share of would-be approvals without any knowledge. Declined applications hide their outcomes. Approved ones are safer and
show nothing about them. So the value of a cut-off that would approve declined applications is a range (Manski 1989). Variances are summed by cluster (Liang &
Zeger 1986) after the ratio estimators are linearised. The four-fifths ratio is the lowest approval rate of a segment over the highest (29 CFR 1607.4 D); its
interval is normal on the logarithm (Katz et al. 1978).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from backend.numerics.selective.cutoff_sums import Applications, Split, Sums
from backend.numerics.statistics.estimate import LEVEL, Estimate, Floats, normal_quantile, nothing


@dataclass(frozen=True)
class Current:
    """The figures of the actual decisions."""

    approval_rate: Estimate
    bad_rate: Estimate
    value: Estimate


@dataclass(frozen=True)
class Point:
    """One cut-off: applications with less risk than `cut` are approved.

    `unknown`: the share of the approved that no known outcome represents. `least` and `most`: the bad rate if these outcomes were all good, or all bad. `value`
    is per application; `gain` is its excess over the value of the actual decisions, on the same applications. Both are unknown if the cut-off approves
    applications with a hidden outcome; the value then lies between `value_least` and `value_most`. `recall` is the share of bad applications that the cut-off
    declines, among those that an outcome represents.
    """

    cut: float
    approval_rate: Estimate
    bad_rate: Estimate
    least: float | None
    most: float | None
    unknown: float
    value: Estimate
    gain: Estimate
    recall: Estimate
    ratio: Estimate
    value_least: float | None = None
    value_most: float | None = None


@dataclass(frozen=True)
class Limits:
    """The limits of a cut-off; None means no limit."""

    approval_rate: float | None = None
    bad_rate: float | None = None
    ratio: float | None = None


def curve(rows: Applications, cuts: Sequence[float], level: float = LEVEL) -> list[Point]:
    """Return the figures at each cut-off, ascending or not.

    >>> rows = Applications(np.array([0.1, 0.2, 0.8]), np.array([0.0, 1.0, 1.0]), np.ones(3), np.array([0, 1, 2]))
    >>> point = curve(rows, [0.5])[0]
    >>> round(point.approval_rate.value, 4), point.bad_rate.value, point.recall.value
    (0.6667, 0.5, 0.5)
    """
    edges = np.unique(np.asarray(cuts, dtype=np.float64))
    place = np.searchsorted(edges, rows.risk, side="right")  # risk < edges[j] exactly where place <= j
    sums = Sums(rows, place, len(edges))
    found = {float(cut): _point(sums, at, float(cut), level) for at, cut in enumerate(edges)}
    return [found[float(cut)] for cut in cuts]


def candidates(risk: Floats, most: int = 101) -> list[float]:
    """Return the cut-offs to try: the quantiles of the scores, and one beyond all.

    >>> candidates(np.array([0.1, 0.2, 0.3]), 3)
    [0.1, 0.2, 0.30000000000000004]
    """
    quantiles = np.unique(np.quantile(risk, np.linspace(0, 1, most), method="nearest")) if len(risk) else np.empty(0)
    return [*quantiles[:-1].tolist(), float(np.nextafter(quantiles[-1], np.inf))] if len(quantiles) else []


def within(point: Point, limits: Limits) -> bool:
    """Return whether a cut-off keeps the limits. An unknown figure keeps none; an unknown outcome counts as bad."""
    bad = point.most if point.unknown > 0 else point.bad_rate.value
    asked = ((limits.approval_rate, point.approval_rate.value, 1), (limits.bad_rate, bad, -1), (limits.ratio, point.ratio.value, 1))
    return all(limit is None or (value is not None and sign * (value - limit) >= 0) for limit, value, sign in asked)


def best(points: Sequence[Point], limits: Limits) -> Point | None:
    """Return the cut-off with the highest value within the limits; without values, the one with the highest approval rate. None if none keeps the limits. A
    value that is a range counts by its lower end.
    """
    allowed = [point for point in points if within(point, limits)]
    valued = [(point.value_least, at) for at, point in enumerate(allowed) if point.value_least is not None]
    if valued:
        return allowed[max(valued, key=lambda one: (one[0], -one[1]))[1]]
    return max(allowed, key=lambda point: point.approval_rate.value or 0.0, default=None)


class Parts(NamedTuple):
    """A value per application, and each cluster's part of its error [CLUSTERS]."""

    value: float
    errors: Floats


def _point(sums: Sums, at: int, cut: float, level: float) -> Point:
    approved, weighed, bad = sums.n[at], sums.weighed[at], sums.bad[at]
    bad_rate = ratio_by_cluster(bad, weighed, (0.0, 1.0), level)
    unknown = max(1 - float(weighed.sum()) / float(approved.sum()), 0.0) if approved.sum() else 0.0
    least, most = (None, None) if not approved.sum() else (0.0, 1.0)
    if bad_rate.value is not None:
        least, most = bad_rate.value * (1 - unknown), bad_rate.value * (1 - unknown) + unknown
    caught = sums.bad_all - bad
    value_least, value_most = _ends(sums, sums.at(at))
    return Point(
        cut=cut,
        approval_rate=ratio_by_cluster(approved, sums.all, (0.0, 1.0), level),
        bad_rate=bad_rate,
        least=least,
        most=most,
        unknown=unknown,
        value=_of_parts(_valued(sums, sums.at(at)), sums.all, level),
        gain=_gain(sums, at, level),
        recall=ratio_by_cluster(caught, sums.bad_all, (0.0, 1.0), level),
        ratio=_four_fifths([(part[at], whole) for part, whole in sums.segments], level),
        value_least=value_least,
        value_most=value_most,
    )


def ratio_by_cluster(top: Floats, bottom: Floats, bounds: tuple[float, float] = (0.0, 1.0), level: float = LEVEL) -> Estimate:
    """Return a ratio of totals, such as approved to all, from its parts by cluster [CLUSTERS].

    >>> ratio_by_cluster(np.array([1.0, 2.0]), np.array([2.0, 4.0])).value
    0.5
    """
    total = float(bottom.sum())
    if total <= 0:
        return nothing(0)
    value = float(top.sum()) / total
    half = normal_quantile(level) * _error((top - value * bottom) / total, bottom)
    return Estimate(value, max(value - half, bounds[0]), min(value + half, bounds[1]), round(total))


def as_decided(rows: Applications, level: float = LEVEL) -> Current | None:
    """Return the figures of the actual decisions; None if they are not known.

    >>> rows = Applications(np.array([0.1, 0.9]), np.array([0.0, np.nan]), np.ones(2), np.array([0, 1]), approved_now=np.array([True, False]))
    >>> as_decided(rows).approval_rate.value
    0.5
    """
    if rows.approved_now is None or not len(rows.risk):
        return None
    sums = Sums(rows, np.zeros(len(rows.risk), dtype=np.int64), 1)
    assert sums.now is not None, "there are decisions of the time"
    value = _of_parts(_valued(sums, sums.now), sums.all, level)
    approval_rate = ratio_by_cluster(sums.approved_now, sums.all, (0.0, 1.0), level)
    return Current(approval_rate, ratio_by_cluster(sums.bad_now, sums.now.weighed, (0.0, 1.0), level), value)


def _valued(sums: Sums, split: Split) -> Parts | None:
    """Return the value if no approved application has a hidden outcome; None if one has, or while no outcome of the approved is known."""
    return _open_valued(sums, split) if split.hidden.sum() == 0 else None


def _open_valued(sums: Sums, split: Split) -> Parts | None:
    """Return the value without the hidden outcomes, which earn 0 here. Other approved applications earn the average of the known ones, declined ones the worth
    of a decline.
    """
    n, approved, weighed, earned = float(sums.all.sum()), split.open, split.weighed, split.earned
    if not sums.valued or n == 0 or (approved.sum() > 0 and weighed.sum() <= 0):
        return None
    each = float(earned.sum() / weighed.sum()) if weighed.sum() > 0 else 0.0
    value = (float(approved.sum()) * each + float(split.declined.sum())) / n
    factor = float(approved.sum() / weighed.sum()) if weighed.sum() > 0 else 0.0
    return Parts(value, (approved * each + split.declined - value * sums.all + factor * (earned - each * weighed)) / n)


def _ends(sums: Sums, split: Split) -> tuple[float | None, float | None]:
    """Return the least and the largest value over all hidden outcomes."""
    found, n = _open_valued(sums, split), float(sums.all.sum())
    return (None, None) if found is None else (found.value + float(split.worst.sum()) / n, found.value + float(split.best.sum()) / n)


def _gain(sums: Sums, at: int, level: float) -> Estimate:
    """Return the value at a cut-off less that of the actual decisions. Both use the same applications, so their errors are correlated."""
    then, now = _valued(sums, sums.at(at)), _valued(sums, sums.now) if sums.now else None
    return _of_parts(Parts(then.value - now.value, then.errors - now.errors) if then and now else None, sums.all, level)


def _of_parts(found: Parts | None, everyone: Floats, level: float) -> Estimate:
    n = round(float(everyone.sum()))
    if found is None:
        return nothing(n)
    half = normal_quantile(level) * _error(found.errors, everyone)
    return Estimate(found.value, found.value - half, found.value + half, n)


def _four_fifths(segments: Sequence[tuple[Floats, Floats]], level: float) -> Estimate:
    """Return the lowest approval rate of a segment over the highest."""
    rates = [(float(part.sum() / whole.sum()), part, whole) for part, whole in segments if whole.sum() > 0]
    n = round(sum(float(whole.sum()) for _, _, whole in rates))
    if len(rates) < 2 or max(rate for rate, _, _ in rates) == 0:
        return nothing(n)
    (low, mine, all_mine), (high, theirs, all_theirs) = min(rates, key=lambda one: one[0]), max(rates, key=lambda one: one[0])
    value = low / high
    if low == 0:
        return Estimate(0.0, None, None, n)
    parts = (mine - low * all_mine) / (low * all_mine.sum()) - (theirs - high * all_theirs) / (high * all_theirs.sum())
    half = normal_quantile(level) * _error(parts, all_mine + all_theirs)
    return Estimate(value, value * float(np.exp(-half)), value * float(np.exp(half)), n)


def _error(parts: Floats, present: Floats) -> float:
    """Return the standard error of an estimate. Its error is the sum of these parts, one per cluster that has rows."""
    there = int(np.count_nonzero(present))
    return float(np.sqrt((parts**2).sum() * there / (there - 1))) if there > 1 else 0.0
