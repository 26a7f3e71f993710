"""Tests whether outcomes are selective: the share that came in depends on the score, or differs between versions.

The evidence is an e-process: the likelihood of one share for each group, mixed over Jeffreys' prior, against the largest likelihood of one share for all
(universal inference: Wasserman, Ramdas, Balakrishnan 2020, "Universal inference", section 7). If all groups share one rate, the evidence exceeds 1/a with
probability a at most, for any number of looks. Groups are score bands or versions.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.statistics.counted import Levels
from backend.numerics.statistics.estimate import Floats

PROVEN = 100.0
"""Threshold of the evidence. Outcomes with equal shares exceed it in at most one of a hundred groups, for any number of looks."""
MATERIAL = 0.05
"""The smallest gap between two groups' shares that counts. Outcomes that are slower for yes than for no cause smaller gaps."""
BANDS = 8


@dataclass(frozen=True)
class Shares:
    """Rows of some groups [K]: their number, and the number with an outcome."""

    asked: Floats
    known: Floats

    @property
    def shares(self) -> Floats:
        """Return the share of outcomes that came in [K]; 0 for an empty group."""
        return np.asarray(self.known / np.maximum(self.asked, 1), dtype=np.float64)

    @property
    def gap(self) -> float:
        """Return the largest distance between two shares."""
        there = self.shares[self.asked > 0]
        return float(there.max() - there.min()) if len(there) else 0.0


@dataclass(frozen=True)
class Band:
    """Scores from `low` up to `high`, with the share of their outcomes that came in."""

    low: float
    high: float
    asked: int
    known: int


def evidence(parts: Sequence[Shares], spread: float = 1.0) -> float:
    """Return the logarithm of the evidence against equal shares. Strata (versions, spans of time) are each compared within themselves. `spread`: the variance
    of the rows over that of independent ones, because an applicant's rows get their outcomes together (Rao & Scott 1981).

    >>> evidence([Shares(np.array([500.0, 500.0]), np.array([400.0, 405.0]))]) < 0 < evidence([Shares(np.array([500.0, 500.0]), np.array([400.0, 300.0]))])
    True
    """
    return sum(_evidence(part.asked / spread, part.known / spread) for part in parts)


def selective(parts: Sequence[Shares], spread: float = 1.0) -> bool:
    """Return whether the shares differ beyond chance, and by enough to matter.

    >>> selective([Shares(np.array([500.0, 500.0]), np.array([500.0, 20.0]))]), selective([Shares(np.array([1e6, 1e6]), np.array([9e5, 8.9e5]))])
    (True, False)
    """
    if not parts or max(part.gap for part in parts) < MATERIAL:
        return False
    return evidence(parts, spread) >= math.log(PROVEN)


def bands(levels: Levels, most: int = BANDS) -> list[Band]:
    """Return score bands of about equal mass; each level is in one band."""
    often = levels.all.astype(np.float64)
    if not often.any():
        return []
    before = np.cumsum(often) - often
    place = np.minimum((before * most / often.sum()).astype(np.int64), most - 1)
    starts = np.flatnonzero(np.diff(place, prepend=-1))
    asked, known = (np.add.reduceat(side, starts) for side in (often, often - levels.counts[:, 0]))
    ends = [*(starts[1:] - 1), len(often) - 1]
    return [Band(float(levels.low[start]), float(levels.high[end]), int(a), int(k)) for start, end, a, k in zip(starts, ends, asked, known, strict=True)]


def shares_of(found: Sequence[Band]) -> Shares:
    """Return the shares of score bands."""
    return Shares(np.array([band.asked for band in found], dtype=np.float64), np.array([band.known for band in found], dtype=np.float64))


def label_spread(asked: ArrayLike, known: ArrayLike) -> float:
    """Return the variance of arrived outcomes between clusters over that of independent rows, at least 1; both inputs are [CLUSTERS].

    >>> label_spread(np.full(128, 100.0), np.full(128, 50.0))
    1.0
    """
    rows, told = np.asarray(asked, dtype=np.float64), np.asarray(known, dtype=np.float64)
    there = rows > 0
    share = told.sum() / max(rows.sum(), 1)
    if there.sum() < 2 or not 0 < share < 1:
        return 1.0
    statistic = float(((told[there] - share * rows[there]) ** 2 / (rows[there] * share * (1 - share))).sum())
    return max(1.0, statistic / int(there.sum() - 1))


def _evidence(asked: Floats, known: Floats) -> float:
    total, told = float(asked.sum()), float(known.sum())
    if told <= 0 or told >= total:
        return 0.0
    mixed = sum(_log_beta(k + 0.5, n - k + 0.5) - _log_beta(0.5, 0.5) for n, k in zip(asked.tolist(), known.tolist(), strict=True) if n > 0)
    return mixed - told * math.log(told / total) - (total - told) * math.log(1 - told / total)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
