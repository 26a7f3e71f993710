"""Outcomes come late. Finds the cohorts of requests that are old enough for their outcomes, for every contender alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from uuid import UUID

import numpy as np

from backend.numerics.statistics.binning import Ints
from backend.numerics.statistics.estimate import Floats

ENOUGH = 0.9
"""A cohort's outcomes have arrived when its labelled share is that of the older half of requests, less a tenth."""
BLOCK = 100
BLOCK_SHARE = 0.02
"""A cohort's share needs at least this number of requests, and this share of all: fewer show little."""


@dataclass(frozen=True)
class Cohort:
    """Requests of one time span, in seconds since 1970: their number, and the number with an outcome."""

    start: int
    seconds: int
    n: int
    labelled: int

    @property
    def end(self) -> int:
        """Return the start of the next cohort."""
        return self.start + self.seconds


@dataclass(frozen=True)
class Cut:
    """Cohorts that end by `at` (seconds since 1970) are compared; None compares all."""

    policy: Literal["automatic", "window"]
    at: float | None

    @property
    def moment(self) -> datetime:
        """Return the time of the cut; far in the future when all are compared."""
        return datetime.max.replace(tzinfo=UTC) if self.at is None else datetime.fromtimestamp(self.at, UTC)

    def takes(self, start: int, seconds: int) -> bool:
        """Return whether this span is old enough."""
        return self.at is None or start + seconds <= self.at


def cut(cohorts: Mapping[UUID, Sequence[Cohort]], now: float, hours: float | None) -> Cut:
    """Return the time to cut at: a stated age, or (hours None) after the newest cohort with the outcomes of every contender.

    A contender's outcomes have arrived in a cohort when its labelled share is as large as that of the older half of its requests. A tenth and the noise of the
    cohort's size are allowed. The share depends on when outcomes come, not on their values, so it favours no version.
    """
    spans = [cohort for mine in cohorts.values() for cohort in mine]
    if not spans or hours == 0:
        return Cut("automatic" if hours is None else "window", None)
    ends = boundaries(spans)
    if hours is not None:
        old = ends[ends <= now - hours * 3600]
        return Cut("window", float(old[-1]) if len(old) else float(min(one.start for one in spans)))
    arrived = np.ones(len(ends), dtype=bool)
    for mine in cohorts.values():
        arrived &= _arrived(ends, mine)
    newest = np.flatnonzero(arrived)
    return Cut("automatic", None if len(newest) == 0 or newest[-1] == len(ends) - 1 else float(ends[newest[-1]]))


def boundaries(spans: Sequence[Cohort]) -> Ints:
    """Return the ends of spans that lie within no other span, ascending."""
    starts, ends = np.array([one.start for one in spans]), np.array([one.end for one in spans])
    found = np.unique(ends)
    opened = np.searchsorted(np.sort(starts), found, side="left")
    closed = np.searchsorted(np.sort(ends), found, side="right")
    return np.asarray(found[opened == closed], dtype=np.int64)


def _arrived(ends: Ints, cohorts: Sequence[Cohort]) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    at = np.searchsorted(ends, [one.end for one in cohorts], side="left")
    counts = np.array([[one.n, one.labelled] for one in cohorts], dtype=np.float64).reshape(-1, 2)
    n, labelled = (np.bincount(at, weights=counts[:, side], minlength=len(ends)).astype(np.float64) for side in (0, 1))
    return arrived(n, labelled)


def arrived(n: Floats, labelled: Floats) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Return for each end of a cohort, oldest first, whether the outcomes up to it have arrived; `n` and `labelled` [J] are the cohorts' counts."""
    known, seen = np.concatenate([[0.0], np.cumsum(labelled)]), np.concatenate([[0.0], np.cumsum(n)])
    total = seen[-1]
    if total == 0 or known[-1] == 0:
        return np.ones(len(n), dtype=bool)
    half = int(np.searchsorted(seen, total / 2))
    expected = known[half] / seen[half]
    begin = np.clip(np.searchsorted(seen, seen[1:] - max(BLOCK, BLOCK_SHARE * total), side="right") - 1, 0, None)
    size = np.maximum(seen[1:] - seen[begin], 1)
    noise = np.sqrt(expected * (1 - min(expected, 1.0)) / size)
    return np.asarray((known[1:] - known[begin]) / size >= ENOUGH * expected - 2 * noise, dtype=np.bool_)
