"""The size of a drain's batch: a limit on entries and on bytes, and less when a batch took too long."""

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from backend.inference_log.record import FIELD
from backend.inference_log.redis.keys import stream_key

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_ENTRIES = 4000
FIRST = 250
"""Entries read first. Their size says how many more fit."""
MOST_BYTES = 32 * 2**20

Entry = tuple[bytes, bytes]
"""A stream entry's id and its record."""


class Portion(NamedTuple):
    """Entries, and whether more may follow."""

    entries: list[Entry]
    more: bool


class Portions:
    """The batch sizes of each group's stream in this process."""

    def __init__(self) -> None:
        self._most: dict[UUID, int] = {}
        """The limits of groups with smaller batches than usual."""

    async def read(self, redis: "Redis", group_id: UUID, after: bytes) -> Portion:
        """Read the next portion after `after`, in XRANGE's notation. Raises what Redis raises."""
        most = self._most.get(group_id, MOST_ENTRIES)
        entries = await _read(redis, group_id, after, min(FIRST, most))
        if len(entries) < min(FIRST, most):
            return Portion(entries, False)
        weight = sum(len(raw) for _, raw in entries)
        left = min(most - len(entries), len(entries) * (MOST_BYTES - weight) // max(weight, 1))
        if left <= 0:
            return Portion(entries, True)
        others = await _read(redis, group_id, b"(" + entries[-1][0], left)
        return Portion(entries + others, len(others) == left)

    def too_much(self, group_id: UUID, taken: int | None) -> None:
        """Halve the next batch: the time did not suffice for this one (or for a full one, when nothing was read)."""
        self._most[group_id] = max(1, (taken or self._most.get(group_id, MOST_ENTRIES)) // 2)

    def stored(self, group_id: UUID) -> None:
        """Enlarge the next batch: the time sufficed."""
        if group_id in self._most:
            self._most[group_id] *= 2
            if self._most[group_id] >= MOST_ENTRIES:
                del self._most[group_id]


async def _read(redis: "Redis", group_id: UUID, after: bytes, count: int) -> list[Entry]:
    found = await redis.xrange(stream_key(group_id), min=after, count=count)
    return [(entry_id, fields.get(FIELD, b"")) for entry_id, fields in found]
