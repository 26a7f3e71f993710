"""Figures for all applications up to the edge of an exploration band, from the outcomes that a decision or a lot revealed.

Each row with an outcome counts for 1/p similar rows, with p the chance that its outcome was revealed: 1 if it was approved anyway, the share of the lot if it
was explored. Means, ratios and the area under the ROC curve use the self-normalised estimator (Hájek 1971; Swaminathan & Joachims 2015). Variances are those
of the linearised estimator, summed by cluster (Binder 1983): rows of one applicant are one observation. The quantile is Student's, with the weights' degrees
of freedom (Kish's effective number of clusters): few explored rows carry most of the weight.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.statistics.calibration import smallest_gaps
from backend.numerics.statistics.estimate import LEVEL, Estimate, Floats, normal_quantile, nothing

FEWEST = 10
"""With fewer explored clusters there is no figure for everyone."""


@dataclass(frozen=True)
class Weighted:
    """Rows with a known outcome: score [n], outcome [n] (1 bad, 0 good), 1/p [n], and cluster [n]."""

    scores: Floats
    actuals: Floats
    weights: Floats
    clusters: "np.ndarray[tuple[int], np.dtype[np.int64]]"

    @classmethod
    def of(cls, scores: ArrayLike, actuals: ArrayLike, propensities: ArrayLike, clusters: ArrayLike | None = None) -> "Weighted":
        """Return weighted rows from rows [n]. Those with an unknown outcome (NaN) or a propensity of 0 are left out. Each row is a cluster if none is given.

        >>> Weighted.of([0.1, 0.2, 0.3], [0, np.nan, 1], [1.0, 1.0, 0.02]).weights.tolist()
        [1.0, 50.0]
        """
        score, actual, chance = (np.asarray(one, dtype=np.float64) for one in (scores, actuals, propensities))
        groups = np.arange(len(score)) if clusters is None else np.asarray(clusters)
        there = ~np.isnan(actual) & np.isfinite(score) & (chance > 0)
        kept = np.unique(groups[there], return_inverse=True)[1].astype(np.int64)
        return cls(score[there], actual[there], 1 / chance[there], kept)

    @property
    def n(self) -> int:
        """Return the number of rows with a known outcome."""
        return len(self.scores)

    @property
    def effective(self) -> float:
        """Return the effective number of clusters (Kish 1965)."""
        sums = np.bincount(self.clusters, weights=self.weights)
        return float(sums.sum() ** 2 / (sums**2).sum()) if len(sums) else 0.0

    def where(self, mask: ArrayLike) -> "Weighted":
        """Return the chosen rows, such as a segment's."""
        kept = np.asarray(mask, dtype=bool)
        return Weighted.of(self.scores[kept], self.actuals[kept], 1 / self.weights[kept], self.clusters[kept])


def ratio(
    rows: Weighted, numerator: ArrayLike, denominator: ArrayLike = 1.0, bounds: tuple[float, float] = (-np.inf, np.inf), level: float = LEVEL
) -> Estimate:
    """Return the ratio of two totals over everyone, such as a mean or a share within a part; both arrays are [n]. None with too few clusters.

    >>> rows = Weighted.of(np.zeros(40), [0.0, 1.0] * 20, np.ones(40))
    >>> ratio(rows, rows.actuals).value
    0.5
    """
    top, bottom = np.broadcast_to(numerator, rows.n).astype(np.float64), np.broadcast_to(denominator, rows.n).astype(np.float64)
    total = float(rows.weights @ bottom)
    if total <= 0 or rows.effective < FEWEST:
        return nothing(rows.n)
    value = float(rows.weights @ top) / total
    return _estimate(rows, value, rows.weights * (top - value * bottom) / total, bounds, level, rows.weights * bottom)


def bad_rate(rows: Weighted) -> Estimate:
    """Return the share of bad outcomes."""
    return ratio(rows, rows.actuals, bounds=(0.0, 1.0))


def brier(rows: Weighted) -> Estimate:
    """Return the mean squared distance of the score to the outcome."""
    return ratio(rows, (rows.scores - rows.actuals) ** 2, bounds=(0.0, 1.0))


def calibration_in_the_large(rows: Weighted) -> Estimate:
    """Return the mean score less the bad rate: above 0, the scores are too high."""
    return ratio(rows, rows.scores - rows.actuals, bounds=(-1.0, 1.0))


def calibration_error(rows: Weighted, bins: int = 10) -> Estimate:
    """Return the expected calibration error over bins of equal weight, with the interval of `statistics.calibration.calibration_error`."""
    if rows.effective < 4 * FEWEST:
        return nothing(rows.n)
    order = np.argsort(rows.scores, kind="stable")
    ends = np.cumsum(rows.weights[order])
    place = np.empty(rows.n, dtype=np.int64)
    place[order] = np.minimum((ends - rows.weights[order] / 2) * bins / ends[-1], bins - 1).astype(np.int64)
    masses = np.bincount(place, weights=rows.weights, minlength=bins)
    there = np.flatnonzero(masses)
    parts = [rows.where(place == at) for at in there]
    gaps = np.array([float(part.weights @ (part.actuals - part.scores) / part.weights.sum()) for part in parts])
    errors = np.array([_error(part, part.weights * (part.actuals - part.scores - gap) / part.weights.sum()) for part, gap in zip(parts, gaps, strict=True)])
    expected = np.array([float(part.weights**2 @ (part.scores * (1 - part.scores)).clip(0)) / float(part.weights.sum()) ** 2 for part in parts])
    variances, weights = np.maximum(np.maximum(errors**2, expected), 1e-9), masses[there] / masses.sum()
    z = student(LEVEL, rows.effective - 1)
    value = float(np.abs(gaps) @ weights)
    high = value + z * float(np.sqrt(weights**2 @ variances))
    return Estimate(value, smallest_gaps(gaps, variances, weights, z), min(high, 1.0), rows.n)


def roc_auc(rows: Weighted, level: float = LEVEL) -> Estimate:
    """Return the area under the ROC curve, with the error of the weighted placements of both classes (DeLong 1988, by cluster). None with one class only."""
    bad, good = rows.weights * (rows.actuals == 1), rows.weights * (rows.actuals == 0)
    if rows.effective < FEWEST or not bad.any() or not good.any():
        return nothing(rows.n)
    below, above = _placed(rows.scores, good), 1 - _placed(rows.scores, bad)
    value = float(bad @ below / bad.sum())
    parts = bad * (below - value) / bad.sum() + good * (above - value) / good.sum()
    rarer = bad if (bad > 0).sum() < (good > 0).sum() else good
    return _estimate(rows, value, parts, (0.0, 1.0), level, rarer)


def student(level: float, degrees: float) -> float:
    """Return the half-width of a two-sided interval in standard errors, by Student's distribution (Cornish & Fisher's expansion; exact to 0.1 % from 10 degrees
    on).

    >>> round(student(0.95, 20), 3), round(student(0.95, 1e9), 3)
    (2.086, 1.96)
    """
    z, d = normal_quantile(level), max(degrees, 1.0)
    return float(z + (z**3 + z) / (4 * d) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * d**2) + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * d**3))


def _placed(scores: Floats, weights: Floats) -> Floats:
    """Return, for each row, the share of the weights at scores below its own [n]; a tie counts half."""
    values, at = np.unique(scores, return_inverse=True)
    mass = np.bincount(at, weights=weights, minlength=len(values))
    return np.asarray(((np.cumsum(mass) - mass / 2) / mass.sum())[at], dtype=np.float64)


def _estimate(rows: Weighted, value: float, parts: Floats, bounds: tuple[float, float], level: float, carried: Floats) -> Estimate:
    error = _error(rows, parts)
    sums = np.bincount(rows.clusters, weights=np.abs(carried))
    half = student(level, float(sums.sum() ** 2 / (sums**2).sum()) - 1) * error
    return Estimate(value, max(value - half, bounds[0]), min(value + half, bounds[1]), rows.n)


def _error(rows: Weighted, parts: Floats) -> float:
    """Return the standard error of an estimate whose error is the sum of these parts [n]."""
    sums = np.bincount(rows.clusters, weights=parts)
    return float(np.sqrt((sums**2).sum() * len(sums) / (len(sums) - 1))) if len(sums) > 1 else 0.0
