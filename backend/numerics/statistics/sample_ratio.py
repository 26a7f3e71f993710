"""Whether traffic was split as it was meant to be."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

PROVEN = 1_000.0
"""Evidence past which traffic asked about at any time, any number of times, is wrongly suspected once in a thousand."""
WEIGHT = 100.0
"""How many requests' worth of trust the planned shares begin with: the larger, the smaller the mismatch that is found in the end."""
SUSPICIOUS = 0.001
"""The usual bar for a mismatch (Fabijan et al. 2019, "Diagnosing sample ratio mismatch"): rarely wrong, and looked at all the time."""


@dataclass(frozen=True)
class Ratio:
    """Pearson's chi-square of the counts against the shares; `ok` unless p is below 0.001."""

    chi_square: float
    p_value: float
    ok: bool


def sample_ratio(counts: Sequence[int], shares: Sequence[float], spread: float = 1.0) -> Ratio | None:
    """Compare observed counts with planned shares (any positive weights). None when fewer than 2 have a share, or nothing was counted.

    A count where the share is 0 is a mismatch by itself. `spread`: by how much counts vary more than those of independent requests would (Rao & Scott 1981).

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
    """Return the same question for an alert, which is asked every few seconds for months: a p-value would cross any bar in the end by chance.

    The Bayes factor compares shares drawn from a Dirichlet around the plan with the plan itself. With probability 1-a it stays
    below 1/a forever (Lindon & Malek 2022, "Anytime-valid inference for multinomial count data"); here a is 0.001. A count where the share is 0 proves it at
    once.

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
