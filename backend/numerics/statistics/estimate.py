"""A figure with its uncertainty."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value with a two-sided interval, from `n` observations. Value and interval are None without enough data. `within` is the largest difference to the
    value of the rows themselves: 0 unless they were counted in bins.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    within: float = 0.0


def nothing(n: int) -> Estimate:
    """Return the estimate of a figure that these n observations cannot give."""
    return Estimate(None, None, None, n)


def normal_quantile(level: float) -> float:
    """Return the half-width of a two-sided interval of this level, in standard errors.

    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    return NormalDist().inv_cdf(0.5 + level / 2)


def mean_of(count: int, total: float, squares: float, level: float = LEVEL, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Estimate:
    """Return the mean of `count` values from their sum and their sum of squares. The interval is that of the central limit theorem, cut to `bounds`. One value
    has no interval.

    >>> mean_of(3, 6.0, 14.0).value
    2.0
    """
    if count == 0:
        return nothing(0)
    value = total / count
    if count == 1:
        return Estimate(value, None, None, 1)
    spread = max(squares - total * value, 0.0) / (count - 1)
    half = normal_quantile(level) * float(np.sqrt(spread / count))
    return Estimate(value, max(value - half, bounds[0]), min(value + half, bounds[1]), count)


def logit_interval(value: float, error: float, level: float, trials: int) -> tuple[float, float]:
    """Return an interval for a value in [0, 1] from its standard error, symmetric in log-odds so that it stays inside.

    At 0 or 1 the standard error is useless; the bound is then that of `trials` without a single miss (Clopper, Pearson 1934).

    >>> logit_interval(1.0, 0.0, 0.95, 10)[1]
    1.0
    """
    edge = ((1 - level) / 2) ** (1 / max(trials, 1))
    if value >= 1.0:
        return edge, 1.0
    if value <= 0.0:
        return 0.0, 1 - edge
    centre, half = np.log(value / (1 - value)), normal_quantile(level) * error / (value * (1 - value))
    return float(1 / (1 + np.exp(half - centre))), float(1 / (1 + np.exp(-half - centre)))
