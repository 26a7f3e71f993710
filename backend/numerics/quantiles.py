"""Quantiles, for latencies above all."""

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.estimate import LEVEL, Estimate, normal_quantile, nothing


def quantile(values: ArrayLike, q: float, level: float = LEVEL) -> Estimate:
    """The q-quantile of `values` [n] (linear between order statistics) with an interval that assumes no distribution.

    The interval's ends are order statistics whose ranks are binomial (Conover 1999, section 3.2). None for no values.

    >>> quantile([3.0, 1.0, 2.0], 0.5).value
    2.0
    """
    ordered = np.sort(np.asarray(values, dtype=np.float64))
    n = len(ordered)
    if n == 0:
        return nothing(0)
    half = normal_quantile(level) * np.sqrt(n * q * (1 - q))
    low, high = np.clip([np.floor(n * q - half) - 1, np.ceil(n * q + half)], 0, n - 1).astype(np.int64)
    return Estimate(float(np.quantile(ordered, q)), float(ordered[low]), float(ordered[high]), n)
