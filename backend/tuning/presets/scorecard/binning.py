"""Bins of each input and their weights of evidence."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.numerics.monotone_bins import best_partition
from backend.numerics.profile import quantile_edges
from backend.tuning.presets.scorecard.settings import ScorecardSettings
from schemas.columns import Column

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
FINE = 32
"""Fine bins from which a number's bins are put together."""
PRIOR = 0.5
"""Added to each count of a bin, so that a bin of one class has a finite weight of evidence."""


@dataclass(frozen=True)
class Binned:
    """One input's bins, the missing values last. `edges` are a number's; `bin_of` gives the bin of each level of a category.

    `positives` and `negatives` are weighted counts by bin [bins + 1]; `evidence` [bins + 1] is ln(share of positives / share of negatives).
    """

    column: Column
    edges: list[float]
    bin_of: list[int]
    positives: Floats
    negatives: Floats
    evidence: Floats

    @property
    def bins(self) -> int:
        """The number of bins, without that of missing values."""
        return len(self.evidence) - 1

    @property
    def missing(self) -> bool:
        """Whether training rows have missing values, so that there is a rule for them."""
        return bool(self.positives[-1] + self.negatives[-1] > 0)

    @property
    def information(self) -> float:
        """The information value: Σ (share of positives - share of negatives) × evidence."""
        up, down = self.positives / max(self.positives.sum(), 1e-300), self.negatives / max(self.negatives.sum(), 1e-300)
        return float(((up - down) * self.evidence).sum())

    def places(self, values: Floats) -> Ints:
        """The bin of each value [n]; a missing value, or a code that is no level, has the last."""
        if self.column.type != "category":
            found = np.searchsorted(np.array(self.edges), values, side="right")
            return np.where(np.isnan(values), self.bins, found).astype(np.int64)
        known = (values >= 0) & (values < len(self.bin_of))
        by_level = np.array([*self.bin_of, self.bins])
        return by_level[np.where(known, values, len(self.bin_of)).astype(np.int64)]


def binned(values: Floats, target: Floats, weight: Floats, column: Column, settings: ScorecardSettings) -> Binned:
    """Bin training values [n] by a target [n] of 0 and 1 with weights [n]."""
    least = max(settings.least_share * float(weight.sum()), 1.0)
    edges, bin_of = _levels(values, target, weight, column, settings, least) if column.type == "category" else ([], [])
    if column.type != "category":
        edges = _numbers(values, target, weight, column, settings, least)
    bins = max(bin_of, default=0) + 1 if column.type == "category" else len(edges) + 1
    empty = Binned(column, edges, bin_of, np.zeros(bins + 1), np.zeros(bins + 1), np.zeros(bins + 1))
    place = empty.places(values)
    positives, negatives = _by_class(place, target, weight, bins + 1)
    return Binned(column, edges, bin_of, positives, negatives, evidence_of(positives, negatives))


def evidence_of(positives: Floats, negatives: Floats) -> Floats:
    """The weight of evidence of each bin [b]; an empty bin has 0."""
    up = (positives + PRIOR) / (positives.sum() + PRIOR)
    down = (negatives + PRIOR) / (negatives.sum() + PRIOR)
    return np.where(positives + negatives > 0, np.log(up / down), 0.0)


def _by_class(place: Ints, target: Floats, weight: Floats, size: int) -> tuple[Floats, Floats]:
    """Weighted counts of positives and of negatives at each place [size]."""
    positives, negatives = (np.bincount(place, weights=weight * (target == side), minlength=size).astype(np.float64) for side in (1, 0))
    return positives, negatives


def _numbers(values: Floats, target: Floats, weight: Floats, column: Column, settings: ScorecardSettings, least: float) -> list[float]:
    fine = quantile_edges(values, FINE)
    known = np.isfinite(values)
    if not fine:
        return []
    place = np.searchsorted(np.array(fine), values[known], side="right")
    positives, negatives = _by_class(place, target[known], weight[known], len(fine) + 1)
    starts = best_partition(positives, negatives, settings.most_bins, least, settings.monotone.get(column.name, "auto"))
    return [fine[start - 1] for start in starts[1:]]


def _levels(values: Floats, target: Floats, weight: Floats, column: Column, settings: ScorecardSettings, least: float) -> tuple[list[float], list[int]]:
    """Levels in the order of their rate, put together into bins. A level that training never saw goes to the bin whose evidence is nearest to 0."""
    size = len(column.categories)
    known = np.isfinite(values)
    place = values[known].astype(np.int64)
    positives, negatives = _by_class(place, target[known], weight[known], size)
    seen = np.flatnonzero(positives + negatives > 0)
    if len(seen) == 0:
        return [], [0] * size
    ordered = seen[np.argsort((positives / np.where(positives + negatives > 0, positives + negatives, 1))[seen], kind="stable")]
    fine = _pooled(ordered, positives + negatives)
    counts = [np.array([side[list(group)].sum() for group in fine]) for side in (positives, negatives)]
    starts = best_partition(counts[0], counts[1], settings.most_bins, least, "increasing")
    of_fine = np.searchsorted(np.array(starts), np.arange(len(fine)), side="right") - 1
    sums = [np.bincount(of_fine, weights=side).astype(np.float64) for side in counts]
    found = [int(np.abs(evidence_of(sums[0], sums[1])).argmin())] * size
    for group, at in zip(fine, of_fine.tolist(), strict=True):
        for level in group:
            found[level] = int(at)
    return [], found


def _pooled(ordered: Ints, counts: Floats) -> Sequence[tuple[int, ...]]:
    """Neighbouring levels in at most 32 groups of about equal mass: the search is over groups."""
    mass = np.cumsum(counts[ordered])
    group = np.minimum((mass - counts[ordered] / 2) * FINE / mass[-1], FINE - 1).astype(np.int64) if len(ordered) > FINE else np.arange(len(ordered))
    return [tuple(int(level) for level in ordered[group == at]) for at in np.unique(group)]
