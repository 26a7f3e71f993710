"""Sums of applications by cut-off and cluster, for the figures of each cut-off."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Floats

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Applications:
    """Mature applications [n]. `risk` is the score, with its sign changed if needed, so that lower is safer; `actuals` 1 bad, 0 good, NaN unknown; `weights`
    1/p of the known.

    `if_approved`: worth when approved (NaN: depends on an unknown outcome); `if_declined`: worth when declined, which needs no outcome. `segments`: the
    segment of each, from 0 on; -1 for none. `clusters` [n] from 0 to CLUSTERS - 1.
    """

    risk: Floats
    actuals: Floats
    weights: Floats
    clusters: Ints
    if_approved: Floats | None = None
    if_declined: Floats | None = None
    segments: Ints | None = None
    approved_now: Bools | None = None
    """Whether the actual decision approved each."""
    if_not_approved: Floats | None = None
    """The worth of each by its actual decision, if that was no approval (NaN: not known). None: the worth of a decline."""
    hidden: Bools | None = None
    """Whether the actual decision hides the outcome of each, and no lot represents it."""
    worst: Floats | None = None
    """The lower worth of each when approved, over both outcomes; `best` is the higher."""
    best: Floats | None = None


class Split(NamedTuple):
    """Sums of the approved by cluster [CLUSTERS], and the worth of all others. `open`: the number that may have an outcome; `weighed`: the weights of those
    with one; `earned`: their worth. `hidden`: the number that cannot have one; `worst` and `best`: their least and largest worth.
    """

    open: Floats
    weighed: Floats
    earned: Floats
    declined: Floats
    hidden: Floats
    worst: Floats
    best: Floats


class Sums:
    """Sums up to each cut-off by cluster [cuts, CLUSTERS], and over all [CLUSTERS]."""

    def __init__(self, rows: Applications, place: Ints, cuts: int) -> None:
        self._place, self._clusters, self._cuts = place, rows.clusters, cuts
        known = ~np.isnan(rows.actuals) & (rows.weights > 0)
        weights, bad = np.where(known, rows.weights, 0.0), np.where(known, rows.actuals, 0.0)
        self.n, self.all = self._of(np.ones(len(place)))
        self.weighed, _ = self._of(weights)
        self.bad, self.bad_all = self._of(weights * bad)
        self.valued = rows.if_approved is not None and rows.if_declined is not None
        self._parts = [self._of(column) for column in _split(rows, weights)]
        self.now: Split | None = None
        if rows.approved_now is not None:  # those approved by lot represent only themselves here
            approved, each = rows.approved_now, known.astype(np.float64)
            columns = [np.where(approved, column, 0.0) for column in _split(rows, each)]
            others = _or_zero(rows.if_declined if rows.if_not_approved is None else rows.if_not_approved, len(place))
            columns[DECLINED] = np.where(approved, 0.0, np.nan_to_num(others))
            columns[HIDDEN] += ~approved & np.isnan(others)
            self.now = Split(*(self._by_cluster(column) for column in columns))
            self.approved_now, self.bad_now = self._by_cluster(approved.astype(np.float64)), self._by_cluster(approved * each * bad)
        self.segments = [self._of((rows.segments == one).astype(np.float64)) for one in _named(rows.segments)] if rows.segments is not None else []

    def at(self, cut: int) -> Split:
        """Return the sums of the applications that a cut-off approves."""
        parts = [up_to[cut] for up_to, _ in self._parts]
        parts[DECLINED] = self._parts[DECLINED][1] - parts[DECLINED]
        return Split(*parts)

    def _by_cluster(self, column: Floats) -> Floats:
        return np.bincount(self._clusters, weights=column, minlength=CLUSTERS).astype(np.float64)

    def _of(self, values: Floats) -> tuple[Floats, Floats]:
        cells = np.bincount(self._place * CLUSTERS + self._clusters, weights=values, minlength=(self._cuts + 1) * CLUSTERS).reshape(-1, CLUSTERS)
        return np.asarray(np.cumsum(cells, axis=0)[: self._cuts], dtype=np.float64), np.asarray(cells.sum(axis=0), dtype=np.float64)


DECLINED, HIDDEN = (Split._fields.index(name) for name in ("declined", "hidden"))


def _split(rows: Applications, weights: Floats) -> list[Floats]:
    """Return the columns [n] that `Split` sums up, in its order. The column `declined` covers every row."""
    n = len(rows.risk)
    hidden = np.zeros(n, dtype=bool) if rows.hidden is None else rows.hidden & (weights == 0)
    worth = np.nan_to_num(_or_zero(rows.if_approved, n))
    ends = [np.where(hidden, _or_zero(end, n), 0.0) for end in (rows.worst, rows.best)]
    return [(~hidden).astype(np.float64), weights, weights * worth, _or_zero(rows.if_declined, n), hidden.astype(np.float64), *ends]


def _or_zero(column: Floats | None, n: int) -> Floats:
    return np.zeros(n) if column is None else column


def _named(segments: Ints) -> list[int]:
    return [one for one in np.unique(segments).tolist() if one >= 0]
