"""Failures that may pass, and the pauses after which what failed is tried again."""

import re
import time
from typing import NamedTuple
from uuid import UUID

from backend.runtimes.errors import ArtifactChanged, ArtifactGone

FIRST_SECONDS, LONGEST_SECONDS = 5.0, 300.0
TEMPORARY_ERRORS = (ArtifactGone, ArtifactChanged, MemoryError, OSError)
"""The data folder may come back, memory be free again, the machine be less busy (a `TimeoutError` is an `OSError`)."""
OUT_OF_MEMORY = re.compile(r"bad[ _]?alloc|out of memory|(cannot|unable to|failed to) allocate", re.IGNORECASE)


def passes(error: Exception) -> bool:
    """Whether the same may well succeed at another time. Model libraries tell of exhausted memory in words only.

    >>> passes(MemoryError()), passes(RuntimeError("std::bad_alloc")), passes(ValueError("no number"))
    (True, True, False)
    """
    return isinstance(error, TEMPORARY_ERRORS) or OUT_OF_MEMORY.search(str(error)) is not None


class Pause(NamedTuple):
    """How long a version is left alone, and until when by the monotonic clock."""

    seconds: float
    until: float


class Pauses:
    """Versions that are left alone for a while, longer with each failure, so that none of them keeps the worker from the others."""

    def __init__(self) -> None:
        self._of: dict[UUID, Pause] = {}

    def lengthen(self, version_id: UUID) -> float:
        """Leave a version alone from now on; for how many seconds."""
        before = self._of.get(version_id)
        seconds = min(2 * before.seconds, LONGEST_SECONDS) if before else FIRST_SECONDS
        self._of[version_id] = Pause(seconds, time.monotonic() + seconds)
        return seconds

    def end(self, version_id: UUID) -> None:
        """The version has done what it is asked for: its next failure is its first."""
        self._of.pop(version_id, None)

    def current(self) -> frozenset[UUID]:
        """The versions that are left alone now."""
        now = time.monotonic()
        return frozenset(version_id for version_id, pause in self._of.items() if pause.until > now)
