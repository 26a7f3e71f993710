"""Temporary failures, and the pauses before the next attempt."""

import re
import time
from typing import NamedTuple
from uuid import UUID

from backend.runtimes.errors import ArtifactChanged, ArtifactGone

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 300.0
TEMPORARY_ERRORS = (ArtifactGone, ArtifactChanged, MemoryError, OSError)
"""The data folder may return, memory may be freed, the machine may be less busy (a `TimeoutError` is an `OSError`)."""
OUT_OF_MEMORY = re.compile(r"bad[ _]?alloc|out of memory|(cannot|unable to|failed to) allocate", re.IGNORECASE)


def passes(error: Exception) -> bool:
    """Return whether the same work may succeed later. Model libraries report exhausted memory only as text.

    >>> passes(MemoryError()), passes(RuntimeError("std::bad_alloc")), passes(ValueError("no number"))
    (True, True, False)
    """
    return isinstance(error, TEMPORARY_ERRORS) or OUT_OF_MEMORY.search(str(error)) is not None


class Pause(NamedTuple):
    """The length of a version's pause, and its end by the monotonic clock."""

    seconds: float
    until: float


class Pauses:
    """Pauses of versions, longer with each failure, so that no version keeps the worker from the others."""

    def __init__(self) -> None:
        self._of: dict[UUID, Pause] = {}

    def lengthen(self, version_id: UUID) -> float:
        """Pause a version from now on. Return the seconds."""
        before = self._of.get(version_id)
        seconds = min(2 * before.seconds, LONGEST_SECONDS) if before else FIRST_SECONDS
        self._of[version_id] = Pause(seconds, time.monotonic() + seconds)
        return seconds

    def end(self, version_id: UUID) -> None:
        """End the pauses of a version that works again. Its next failure counts as its first."""
        self._of.pop(version_id, None)

    def current(self) -> frozenset[UUID]:
        """Return the versions that are paused now."""
        now = time.monotonic()
        return frozenset(version_id for version_id, pause in self._of.items() if pause.until > now)
