"""Identifiers: UUID version 7 (RFC 9562), so that an id sorts by the time it was made."""

import os
import struct
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_lock = threading.Lock()
_last = 0


class _Random:
    """The system's randomness, fetched for many ids at once; a forked child fetches its own."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._parts: list[int] = []

    def next(self) -> int:
        """64 bits."""
        if not self._parts:
            self._parts = list(struct.unpack("=512Q", os.urandom(4096)))
        return self._parts.pop()


_random = _Random()


def new_id() -> UUID:
    """A version 7 id, strictly increasing within a process: 48 bits of milliseconds, 12 of the fraction, 62 random."""
    global _last
    with _lock:
        nanos = time.time_ns()
        stamp = (nanos // 1_000_000) << 12 | (nanos % 1_000_000) * 4096 // 1_000_000
        _last = stamp = max(stamp, _last + 1)
        random = _random.next()
    high = (stamp >> 12) << 16 | 0x7000 | stamp & 0xFFF
    low = random >> 2 | 1 << 63
    return UUID(int=high << 64 | low)


def first_id_at(moment: datetime) -> UUID:
    """The smallest version 7 id of that millisecond: the bound of a range by time."""
    return UUID(int=(round(moment.timestamp() * 1000) << 16 | 0x7000) << 64 | 1 << 63)


def moment_of(identifier: UUID) -> datetime:
    """When a version 7 id was made, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)
