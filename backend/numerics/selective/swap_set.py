"""The swap set: applications that two versions scored, in parts by the versions that would approve them.

Two cut-offs or two models differ by the applications that only one approves. Their known outcomes show which is better at the margin (Siddiqi 2017,
"Intelligent Credit Scoring", chapter 8).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.numerics.statistics.estimate import Estimate, Floats
from backend.numerics.statistics.proportions import wilson

Bools = NDArray[np.bool_]
PARTS = ("both", "only_first", "only_second", "neither")


@dataclass(frozen=True)
class Part:
    """One part of the swap set: applications, those with a known outcome, and the bad rate among these. `least` and `most`: the bad rate of the whole part if
    all unknown outcomes were good, or bad; None for an empty part.
    """

    name: str
    n: int
    known: int
    bad: int
    bad_rate: Estimate
    least: float | None
    most: float | None

    @property
    def unknown(self) -> int:
        """Return the number of applications with an unknown outcome."""
        return self.n - self.known


def swap_set(first: ArrayLike, second: ArrayLike, actuals: ArrayLike) -> list[Part]:
    """Return the four parts, in the order of `PARTS`. Inputs are each version's approvals [n] and the outcomes [n] (1 bad, 0 good, NaN unknown).

    >>> parts = swap_set([1, 1, 0, 0], [1, 0, 1, 0], [0.0, 1.0, np.nan, np.nan])
    >>> [(part.name, part.n, part.known, part.bad) for part in parts]
    [('both', 1, 1, 0), ('only_first', 1, 1, 1), ('only_second', 1, 0, 0), ('neither', 1, 0, 0)]
    """
    one, other = np.asarray(first, dtype=bool), np.asarray(second, dtype=bool)
    truth = np.asarray(actuals, dtype=np.float64)
    masks: Sequence[Bools] = (one & other, one & ~other, ~one & other, ~one & ~other)
    return [_part(name, truth[mask]) for name, mask in zip(PARTS, masks, strict=True)]


def part_of(name: str, n: int, known: int, bad: int) -> Part:
    """Return a part from its counts."""
    least, most = (bad / n, (bad + n - known) / n) if n else (None, None)
    return Part(name, n, known, bad, wilson(bad, known), least, most)


def _part(name: str, truth: Floats) -> Part:
    known = truth[~np.isnan(truth)]
    return part_of(name, len(truth), len(known), int((known == 1).sum()))
