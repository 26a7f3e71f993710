"""Estimates the result of another split from the log of the actual split.

The self-normalised inverse-propensity estimator (Hájek 1971) of a mean loss. The same applicant always falls into the same bucket, so a bucket's rows are not
independent. A bucket's sums are one observation, and the variance is that of the linearised estimator over buckets.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class OffPolicy:
    """Mean losses under the old and the new split, and their difference (new minus old), each with its standard error.

    `effective_n`: the effective number of rows.
    """

    old: tuple[float, float]
    new: tuple[float, float]
    difference: tuple[float, float]
    effective_n: float


def estimate(counts: Floats, totals: Floats, weights: Floats) -> OffPolicy | None:
    """Return the estimate from each bucket's number of rows [b], sum of losses [b], and new share over old share of its owner [b]. None with fewer than two
    buckets that count. With all weights 1 both splits are equal, and so are the estimates:

    >>> said = estimate(np.array([2.0, 1.0, 1.0]), np.array([1.0, 0.0, 1.0]), np.ones(3))
    >>> said.old == said.new, said.new[0], said.difference, said.effective_n
    (True, 0.5, (0.0, 0.0), 4.0)
    """
    rows, weighted = counts.sum(), (weights * counts).sum()
    if len(counts) < 2 or weighted <= 0:
        return None
    old, new = totals.sum() / rows, (weights * totals).sum() / weighted
    old_parts = (totals - old * counts) / rows
    new_parts = weights * (totals - new * counts) / weighted
    effective = weighted**2 / (weights**2 * counts).sum()
    return OffPolicy((float(old), _error(old_parts)), (float(new), _error(new_parts)), (float(new - old), _error(new_parts - old_parts)), float(effective))


def _error(parts: Floats) -> float:
    return math.sqrt(float((parts**2).sum()) * len(parts) / (len(parts) - 1))
