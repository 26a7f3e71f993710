"""Rates of two groups of people: their difference and their ratio."""

import numpy as np

from backend.numerics.statistics.estimate import LEVEL, Estimate, normal_quantile, nothing
from backend.numerics.statistics.proportions import wilson


def rate_difference(first: tuple[int, int], second: tuple[int, int], level: float = LEVEL) -> Estimate:
    """Return the difference of two independent rates, each as (count, of), first minus second. Interval: Newcombe (1998), method 10, from Wilson's intervals.
    None if a group is empty.

    >>> rate_difference((56, 70), (48, 80)).value
    0.20000000000000007
    """
    one, two = wilson(*first, level), wilson(*second, level)
    n = first[1] + second[1]
    if one.value is None or two.value is None or one.low is None or one.high is None or two.low is None or two.high is None:
        return nothing(n)
    value = one.value - two.value
    low = value - float(np.hypot(one.value - one.low, two.high - two.value))
    high = value + float(np.hypot(one.high - one.value, two.value - two.low))
    return Estimate(value, max(low, -1.0), min(high, 1.0), n)


def rate_ratio(first: tuple[int, int], second: tuple[int, int], level: float = LEVEL) -> Estimate:
    """Return the ratio of two independent rates, each as (count, of). None if a group is empty or the second rate is 0. Interval: normal in logarithms (Katz et
    al. 1978); none if the first rate is 0.

    >>> rate_ratio((30, 100), (60, 100)).value
    0.5
    """
    (a, m), (b, n) = first, second
    if m == 0 or n == 0 or b == 0:
        return nothing(m + n)
    value = (a / m) / (b / n)
    if a == 0:
        return Estimate(value, None, None, m + n)
    half = normal_quantile(level) * float(np.sqrt(max(1 / a - 1 / m + 1 / b - 1 / n, 0.0)))
    return Estimate(value, value * float(np.exp(-half)), value * float(np.exp(half)), m + n)
