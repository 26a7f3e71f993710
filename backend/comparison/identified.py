"""Results that hold although only some decisions reveal outcomes: quality where both versions would approve, and value per application."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.numerics.selective.value import ValueSums, value_losses
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.sequential import ALPHA, Clustered, Moments, Sequence, compare, paired
from backend.numerics.statistics.sketch import log_losses

Loss = Literal["brier", "log_loss", "mae", "rmse"]


def overlap(first: ArrayLike, second: ArrayLike, actuals: ArrayLike, both: ArrayLike, buckets: ArrayLike, loss: Loss = "brier") -> Moments:
    """Return the loss of the first version less that of the second, on applications that both would approve and whose outcome is known.

    Arrays [n]: both versions' scores of the same application, the outcome (NaN: unknown), `both_approve`, and the bucket. These applications were approved by
    their decider. So neither version's score alone selected their outcomes.
    """
    one, other, truth = (np.asarray(column, dtype=np.float64) for column in (first, second, actuals))
    there = np.asarray(both, dtype=bool) & ~np.isnan(truth) & np.isfinite(one) & np.isfinite(other)
    gaps = _loss(loss, one[there], truth[there]) - _loss(loss, other[there], truth[there])
    at = np.asarray(buckets, dtype=np.int64)[there] % CLUSTERS
    counts, totals = (np.bincount(at, weights=weights, minlength=CLUSTERS).astype(np.float64) for weights in (None, gaps))
    found = Moments.of(gaps)
    return Moments(found.n, found.mean, found.deviations, Clustered(counts, totals))


def both_approve(by_first: ArrayLike, by_second: ArrayLike) -> NDArray[np.bool_]:
    """Return the applications [n] that both rules would approve on both scores: `by_first` [2, n] are approvals by the first version's rule on both.

    Each version's own rule on its own score is not enough: of two equal models the one with the stricter cut-off would be chosen by its score more
    narrowly, and would seem the better calibrated.

    >>> scores = np.array([[0.1, 0.1, 0.4], [0.1, 0.2, 0.1]])
    >>> both_approve(scores < 0.15, scores < 0.3).tolist()
    [True, False, False]
    """
    return np.asarray(np.asarray(by_first, dtype=bool).all(axis=0) & np.asarray(by_second, dtype=bool).all(axis=0))


def quality(pairs: Moments, comparisons: int = 1) -> Sequence:
    """Return how much lower the second version's loss is where both would approve, with always-valid bounds."""
    return paired(pairs, ALPHA, comparisons)


def value(champion: ValueSums, challenger: ValueSums, comparisons: int = 1) -> Sequence:
    """Return how much higher the challenger's value per application is, over randomised traffic, with always-valid bounds."""
    return compare(value_losses(champion), value_losses(challenger), ALPHA, comparisons)


def _loss(name: Loss, scores: Floats, truth: Floats) -> NDArray[np.float64]:
    if name == "log_loss":
        return log_losses(truth, scores)
    error = np.abs(scores - truth)
    return error if name == "mae" else error**2
