"""A figure with its uncertainty."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class Estimate:
    """A value with a two-sided interval, from `n` observations. All three are None while nothing can be said."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def nothing(n: int) -> Estimate:
    """What is known of a figure that cannot be computed from these n observations."""
    return Estimate(None, None, None, n)


def normal_quantile(level: float) -> float:
    """The half-width of a two-sided interval of this level, in standard errors.

    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    return NormalDist().inv_cdf(0.5 + level / 2)


def mean(values: ArrayLike, level: float = LEVEL, bounds: tuple[float, float] = (-np.inf, np.inf)) -> Estimate:
    """The mean of `values` [n] with the interval of the central limit theorem, cut to `bounds`. One value has no interval.

    >>> mean([1.0, 2.0, 3.0]).value
    2.0
    """
    array = np.asarray(values, dtype=np.float64)
    if len(array) == 0:
        return nothing(0)
    value = float(array.mean())
    if len(array) == 1:
        return Estimate(value, None, None, 1)
    half = normal_quantile(level) * float(array.std(ddof=1)) / np.sqrt(len(array))
    return Estimate(value, max(value - half, bounds[0]), min(value + half, bounds[1]), len(array))


def logit_interval(value: float, error: float, level: float, trials: int) -> tuple[float, float]:
    """An interval for a value in [0, 1] from its standard error, symmetric in log-odds so that it stays inside.

    At 0 or 1 the standard error says nothing; the bound is then that of as many `trials` without a single miss (Clopper, Pearson 1934).

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


def labels_and_scores(actual: ArrayLike, score: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """The truth [n] as booleans (anything above one half is true) and the scores [n]. Raises ValueError when they differ in length."""
    truth, scores = np.asarray(actual, dtype=np.float64) > 0.5, np.asarray(score, dtype=np.float64)
    if truth.shape != scores.shape or truth.ndim != 1:
        raise ValueError(f"{truth.shape} labels and {scores.shape} scores do not pair up")
    return truth, scores
