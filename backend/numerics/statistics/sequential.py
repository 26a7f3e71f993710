"""A comparison that is valid at every look. After a hundred looks, an ordinary 95 % interval is wrong far more often than 5 % of the time. A confidence
sequence holds at all looks together: Howard, Ramdas, McAuliffe, Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic confidence sequences". This one is
asymptotic, with Robbins' normal mixture as boundary: Waudby-Smith, Arbour, Sinha, Kennedy, Ramdas (2024), "Time-uniform central limit theory and asymptotic
confidence sequences". It has no bounds before each side has `MINIMUM` rows, because the central limit theorem needs that number. Requests of one entity are
not independent: if the clusters of the rows are known, the spread between clusters counts.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.statistics.clusters import CLUSTERS, effective, robust_variance
from backend.numerics.statistics.estimate import Floats

ALPHA = 0.05
MINIMUM = 100
FEWEST = 8
"""With a smaller effective number of clusters, the spread between clusters is unknown: the rows may be of a handful of entities."""
TIGHTEST = 2_000
"""The number of rows of both sides at which the boundary is tightest."""


@dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared deviations of one side's losses. Moments of parts merge into those of the whole.

    >>> Moments.of([1.0, 2.0]).merged(Moments.of([6.0])) == Moments.of([1.0, 2.0, 6.0])
    True
    """

    n: int
    mean: float
    deviations: float
    clusters: "Clustered | None" = field(default=None, compare=False)

    @classmethod
    def of(cls, losses: ArrayLike) -> "Moments":
        """Return the moments of losses [n]."""
        array = np.asarray(losses, dtype=np.float64)
        return cls(len(array), float(array.mean()), float(((array - array.mean()) ** 2).sum())) if len(array) else cls(0, 0.0, 0.0)

    @classmethod
    def of_sums(cls, n: int, total: int, squares: int, unit: int, clusters: "Clustered | None" = None) -> "Moments":
        """Return the moments of n losses from their sum and the sum of their squares, both in units of 1/unit: exact until the last step.

        >>> Moments.of_sums(2, 3, 5, 1) == Moments.of([1.0, 2.0])
        True
        """
        return cls(n, total / (n * unit), max(squares * n * unit - total**2, 0) / (n * unit**2), clusters) if n else cls(0, 0.0, 0.0)

    def merged(self, other: "Moments") -> "Moments":
        """Return the moments of both together (Chan, Golub, LeVeque 1983)."""
        n = self.n + other.n
        if n == 0:
            return self
        gap = other.mean - self.mean
        clusters = self.clusters.plus(other.clusters) if self.clusters and other.clusters else None
        return Moments(n, self.mean + gap * other.n / n, self.deviations + other.deviations + gap**2 * self.n * other.n / n, clusters)

    @property
    def residuals(self) -> Floats | None:
        """Return each cluster's part of the error of the mean [CLUSTERS]; None if the rows' clusters are not known."""
        return None if self.clusters is None else (self.clusters.totals - self.mean * self.clusters.counts) / self.n


@dataclass(frozen=True)
class Clustered:
    """The rows of one side by cluster [CLUSTERS]: their number, and the sum of their losses."""

    counts: Floats
    totals: Floats

    def plus(self, other: "Clustered") -> "Clustered":
        """Return both together."""
        return Clustered(self.counts + other.counts, self.totals + other.totals)


@dataclass(frozen=True)
class Sequence:
    """The difference of mean losses, first minus second, with bounds that hold at every look; None before there are enough rows."""

    difference: float | None
    low: float | None
    high: float | None
    n: int

    @property
    def decided(self) -> bool:
        """Return whether 0 is outside the bounds; then the side with the lower loss is better."""
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


def compare(first: Moments, second: Moments, alpha: float = ALPHA, comparisons: int = 1) -> Sequence:
    """Compare the mean losses of two sides of randomised traffic, at any time and any number of times. The chance that any look shows a difference between
    equal sides is about `alpha`, divided over `comparisons` (Bonferroni). Losses may be of any bounded kind (squared error, 0/1); the result has their unit.

    >>> compare(Moments(5_000, 0.20, 300.0), Moments(5_000, 0.15, 250.0)).decided
    True
    """
    return pooled([(first, second)], alpha, comparisons)


def pooled(strata: Iterable[tuple[Moments, Moments]], alpha: float = ALPHA, comparisons: int = 1) -> Sequence:
    """Return the same over several strata: the difference within each, weighted by n·m / (n+m), which does not depend on the losses. Rows of different strata
    are never compared with each other. So a change of traffic between strata is no difference between the sides.
    """
    usable = [(first, second) for first, second in strata if min(first.n, second.n) >= 2]
    n = sum(first.n + second.n for first, second in usable)
    if min(sum(first.n for first, _ in usable), sum(second.n for _, second in usable)) < MINIMUM:
        return Sequence(None, None, None, n)
    if min(_worth([first for first, _ in usable]), _worth([second for _, second in usable])) < FEWEST:
        return Sequence(None, None, None, n)
    weights = [first.n * second.n / (first.n + second.n) for first, second in usable]
    difference = variance = 0.0
    residuals: Floats | None = np.zeros(CLUSTERS)
    for (first, second), weight in zip(usable, weights, strict=True):
        share = weight / sum(weights)
        difference += share * (first.mean - second.mean)
        variance += share**2 * sum(side.deviations / (side.n - 1) / side.n for side in (first, second))
        mine, theirs = first.residuals, second.residuals
        residuals = None if residuals is None or mine is None or theirs is None else residuals + share * (mine - theirs)
    half = _error(variance, residuals) * boundary(n, alpha / comparisons)
    return Sequence(difference, difference - half, difference + half, n)


def paired(differences: Moments, alpha: float = ALPHA, comparisons: int = 1) -> Sequence:
    """Return the mean difference of two models that scored the same rows, valid at every look.

    >>> paired(Moments(1_000, 0.02, 10.0)).decided
    True
    """
    if differences.n < MINIMUM or _worth([differences]) < FEWEST:
        return Sequence(None, None, None, differences.n)
    half = _error(differences.deviations / (differences.n - 1) / differences.n, differences.residuals) * boundary(differences.n, alpha / comparisons)
    return Sequence(differences.mean, differences.mean - half, differences.mean + half, differences.n)


def _worth(side: list[Moments]) -> float:
    """Return a side's effective number of clusters; infinity if clusters are not known."""
    counts = [part.clusters.counts for part in side if part.clusters is not None]
    return effective(np.sum(counts, axis=0)) if len(counts) == len(side) else math.inf


def _error(variance: float, residuals: Floats | None) -> float:
    """Return the standard error: that of independent rows, or that of the clusters if it is known and larger."""
    return math.sqrt(variance if residuals is None else max(variance, robust_variance(residuals)))


def needed(found: Sequence, alpha: float = ALPHA, comparisons: int = 1) -> int | None:
    """Return the approximate number of further rows for a decision, if difference and spread stay. None if unknown, or more than a thousand times the present
    rows.

    >>> needed(Sequence(0.01, -0.01, 0.03, 2_000))
    6600
    """
    if found.difference is None or found.low is None or found.decided or found.difference == 0:
        return None
    width = (found.difference - found.low) / boundary(found.n, alpha / comparisons) * math.sqrt(found.n)
    low, high = found.n, found.n * 1_000
    if boundary(high, alpha / comparisons) * width / math.sqrt(high) > abs(found.difference):
        return None
    while high - low > max(found.n // 100, 1):
        middle = (low + high) // 2
        enough = boundary(middle, alpha / comparisons) * width / math.sqrt(middle) <= abs(found.difference)
        low, high = (low, middle) if enough else (middle, high)
    more = high - found.n
    size = int(10 ** max(len(str(more)) - 2, 0))
    return -(-more // size) * size


def boundary(n: int, alpha: float) -> float:
    """Return the half-width at n rows in standard errors: Robbins' normal mixture, tightest at `TIGHTEST` rows.

    >>> boundary(2_000, 0.05) > 1.96
    True
    """
    spread = (-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / TIGHTEST
    return math.sqrt(2 * (n * spread + 1) / (n * spread) * math.log(math.sqrt(n * spread + 1) / alpha))
