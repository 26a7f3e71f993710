"""Tests whether traffic was split by the configured shares."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PROVEN = 1_000.0
"""Threshold of the evidence: correct traffic exceeds it with a chance of at most one in a thousand, for any number of looks."""
WEIGHT = 100.0
"""Prior weight of the planned shares, in requests. With a larger weight, smaller mismatches are found in the end."""
SUSPICIOUS = 0.001
"""The usual threshold for a mismatch (Fabijan et al. 2019, "Diagnosing sample ratio mismatch"): rarely wrong, although people look often."""


@dataclass(frozen=True)
class Ratio:
    """Pearson's chi-square of the counts against the shares; `ok` unless p is below 0.001."""

    chi_square: float
    p_value: float
    ok: bool


def sample_ratio(counts: Sequence[int], shares: Sequence[float], spread: float = 1.0) -> Ratio | None:
    """Compare observed counts with planned shares (any positive weights). None when fewer than 2 have a share, or nothing was counted.

    A count with a share of 0 is a mismatch by itself. `spread`: the variance of counts over that of independent requests (Rao & Scott 1981).

    >>> sample_ratio([900, 100], [9_000, 1_000])
    Ratio(chi_square=0.0, p_value=1.0, ok=True)
    """
    from scipy.special import gammaincc  # noqa: PLC0415  heavy: scipy is loaded with the first comparison

    seen, planned = np.asarray(counts, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    if seen[planned == 0].sum() > 0:
        return Ratio(float("inf"), 0.0, False)
    seen, planned = seen[planned > 0], planned[planned > 0]
    if len(planned) < 2 or seen.sum() == 0:
        return None
    expected = planned / planned.sum() * seen.sum()
    statistic = float(((seen - expected) ** 2 / expected).sum()) / spread
    p_value = float(gammaincc((len(planned) - 1) / 2, statistic / 2))
    return Ratio(statistic, p_value, p_value >= SUSPICIOUS)


def proven_mismatch(counts: Sequence[float], shares: Sequence[float]) -> bool:
    """Return whether a mismatch is proven, for an alert that checks every few seconds for months. A p-value would cross any threshold by chance in the end. The
    Bayes factor compares shares drawn from a Dirichlet around the plan with the plan itself. With probability 1-a it stays below 1/a forever (Lindon & Malek
    2022, "Anytime-valid inference for multinomial count data"); here a is 0.001. A count with a share of 0 proves a mismatch at once.

    >>> proven_mismatch([905, 95], [9_000, 1_000]), proven_mismatch([700, 300], [9_000, 1_000]), proven_mismatch([5, 1], [10_000, 0])
    (False, True, True)
    """
    if any(count and not share for count, share in zip(counts, shares, strict=True)):
        return True
    total = sum(shares)
    plan = [(count, share / total) for count, share in zip(counts, shares, strict=True) if share]
    evidence = math.lgamma(WEIGHT) - math.lgamma(WEIGHT + sum(counts))
    for count, share in plan:
        evidence += math.lgamma(WEIGHT * share + count) - math.lgamma(WEIGHT * share) - count * math.log(share)
    return evidence >= math.log(PROVEN)
