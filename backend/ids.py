"""Identifiers: UUID version 7 (RFC 9562), which sort by their time."""

import hashlib
import os
import struct
import threading
import time
from datetime import UTC, datetime
from uuid import UUID

_lock = threading.Lock()
_last = 0


class _Random:
    """The system's randomness, read for many ids at once. A forked child reads its own."""

    def __init__(self) -> None:
        self._forget()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._parts: list[int] = []

    def next(self) -> int:
        """Return 64 random bits."""
        if not self._parts:
            self._parts = list(struct.unpack("=512Q", os.urandom(4096)))
        return self._parts.pop()


_random = _Random()


def new_id() -> UUID:
    """Return a version 7 id, strictly increasing within a process: 48 bits of milliseconds, 12 of the fraction, 62 random."""
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
    """Return the smallest version 7 id of that millisecond: the bound of a time range. Before 1970 it is that of 1970."""
    return UUID(int=(max(round(moment.timestamp() * 1000), 0) << 16 | 0x7000) << 64 | 1 << 63)


def moment_of(identifier: UUID) -> datetime:
    """Return the time of a version 7 id, to the millisecond."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, UTC)


SHADOW_OF = "shadow_of"
"""The key in a shadow row's output that names the inference it copies."""


def shadow_id(answered: UUID, version_id: UUID) -> UUID:
    """Return the version 7 id of a shadow's copy. It has the answer's time and is always the same, so no query is needed to find it.

    >>> made = shadow_id(UUID("01a1fde7-cdfc-7f06-a629-4c3e83e0ac04"), UUID(int=1))
    >>> str(made)[:19], made.version, made == shadow_id(UUID("01a1fde7-cdfc-7f06-a629-4c3e83e0ac04"), UUID(int=2))
    ('01a1fde7-cdfc-7f06-', 7, False)
    """
    digest = hashlib.blake2b(answered.bytes + version_id.bytes, digest_size=8).digest()
    return UUID(int=answered.int >> 64 << 64 | 1 << 63 | int.from_bytes(digest, "big") >> 2)
