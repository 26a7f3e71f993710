"""Value per application, if it depends on outcomes that only some decisions reveal.

If a decision hides the outcome, the application's worth needs no outcome. The others get their worth with their outcome. The mean over all is the mean of both,
weighted by their numbers. So it is known for every mature application, and bounded. The moments are those of the linearised estimator (a ratio within the open
ones; Cochran 1977, section 6). The verdict's confidence sequence takes them as losses.
"""

from dataclasses import dataclass

import numpy as np

from backend.numerics.statistics.estimate import LEVEL, Estimate, Floats, normal_quantile, nothing
from backend.numerics.statistics.sequential import Clustered, Moments


@dataclass(frozen=True)
class ValueSums:
    """Sums over mature applications, each [1] or by cluster [CLUSTERS]. `asked`: all. `open`: those with a worth that depends on their outcome; `known`: those
    of them with an outcome. `fixed`: the sum of worths that need no outcome; `earned`: the sum of the known ones. `fixed_squares` and `earned_squares`: sums of
    squares, over all clusters.
    """

    asked: Floats
    open: Floats
    known: Floats
    fixed: Floats
    earned: Floats
    fixed_squares: float
    earned_squares: float

    def plus(self, other: "ValueSums") -> "ValueSums":
        """Return both together."""
        names = ("asked", "open", "known", "fixed", "earned", "fixed_squares", "earned_squares")
        return ValueSums(*(getattr(self, name) + getattr(other, name) for name in names))


def sums_of(values: Floats, hides: Floats, clusters: Floats | None = None, count: int = 1) -> ValueSums:
    """Return the sums of applications [n], from the worth of each (NaN: not known yet), whether its decision hides the outcome (1 or 0), and its cluster below
    `count`.
    """
    at = np.zeros(len(values), dtype=np.int64) if clusters is None else np.asarray(clusters, dtype=np.int64)
    hidden, known = hides > 0, ~np.isnan(values)
    worth = np.where(known, values, 0.0)
    fixed, earned = np.where(hidden, worth, 0.0), np.where(hidden, 0.0, worth)

    def by_cluster(column: Floats) -> Floats:
        return np.bincount(at, weights=column, minlength=count).astype(np.float64)

    opened = np.where(hidden, 0.0, 1.0)
    return ValueSums(
        asked=by_cluster(np.ones(len(at))),
        open=by_cluster(opened),
        known=by_cluster(opened * known),
        fixed=by_cluster(fixed),
        earned=by_cluster(earned),
        fixed_squares=float((fixed**2).sum()),
        earned_squares=float((earned**2).sum()),
    )


def value_losses(sums: ValueSums) -> Moments:
    """Return minus the value per application, as a mean of losses for `sequential.compare`; empty moments without a known worth.

    >>> two = sums_of(np.array([0.0, 10.0, 20.0, np.nan]), np.array([1.0, 0.0, 0.0, 0.0]))
    >>> value_losses(two).mean
    -11.25
    """
    n, opened, known = (float(part.sum()) for part in (sums.asked, sums.open, sums.known))
    if n < 1 or (opened > 0 and known < 1):
        return Moments(0, 0.0, 0.0)
    each, factor = (float(sums.earned.sum()) / known, opened / known) if opened else (0.0, 0.0)
    mean = (float(sums.fixed.sum()) + opened * each) / n
    # each application counts: fixed, its worth; open and unknown, the mean of the known; open and known, that mean plus its difference times all it represents
    differs = max(sums.earned_squares - known * each**2, 0.0)
    deviations = max(sums.fixed_squares + opened * each**2 - n * mean**2, 0.0) + factor**2 * differs
    totals = sums.fixed + sums.open * each + factor * (sums.earned - each * sums.known)
    clusters = Clustered(sums.asked, -totals) if len(sums.asked) > 1 else None
    return Moments(round(n), -mean, deviations, clusters)


def value_per_application(sums: ValueSums, level: float = LEVEL) -> Estimate:
    """Return the mean with its interval, by cluster if clusters are known."""
    found = value_losses(sums)
    if found.n < 2:
        return nothing(found.n)
    variance = found.deviations / (found.n - 1) / found.n
    if found.residuals is not None:
        there = int(np.count_nonzero(sums.asked))
        variance = max(variance, float((found.residuals**2).sum()) * there / max(there - 1, 1))
    half = normal_quantile(level) * float(np.sqrt(variance))
    return Estimate(-found.mean, -found.mean - half, -found.mean + half, found.n)
