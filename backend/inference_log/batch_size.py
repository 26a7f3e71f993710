"""How much of a stream a drain takes at once: so many entries, so many bytes of them, and less where that was too much for its time."""

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from backend.inference_log.record import FIELD
from backend.inference_log.redis.keys import stream_key

if TYPE_CHECKING:
    from redis.asyncio import Redis

MOST_ENTRIES = 4000
FIRST = 250
"""So many are read first; what they weigh says how many more fit."""
MOST_BYTES = 32 * 2**20

Entry = tuple[bytes, bytes]
"""A stream entry's id and its record."""


class Portion(NamedTuple):
    """Entries, and whether others may follow them."""

    entries: list[Entry]
    more: bool


class Portions:
    """What this process takes of each group's stream."""

    def __init__(self) -> None:
        self._most: dict[UUID, int] = {}
        """For groups of which less than usual is taken."""

    async def read(self, redis: "Redis", group_id: UUID, after: bytes) -> Portion:
        """The next portion from `after` on, as XRANGE says it. Raises what Redis raises."""
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
        """There was no time for what was taken (as much as may be, where that was not even read): take half of it next."""
        self._most[group_id] = max(1, (taken or self._most.get(group_id, MOST_ENTRIES)) // 2)

    def stored(self, group_id: UUID) -> None:
        """There was time: take more again."""
        if group_id in self._most:
            self._most[group_id] *= 2
            if self._most[group_id] >= MOST_ENTRIES:
                del self._most[group_id]


async def _read(redis: "Redis", group_id: UUID, after: bytes, count: int) -> list[Entry]:
    found = await redis.xrange(stream_key(group_id), min=after, count=count)
    return [(entry_id, fields.get(FIELD, b"")) for entry_id, fields in found]
