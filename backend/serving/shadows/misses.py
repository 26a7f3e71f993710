"""Copies that a group's shadows did not score: counted in Redis, never a row of the log."""

from collections import Counter
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError

from backend.inference_log.redis.keys import missed_key
from backend.outside import Outside

DROPPED = "dropped"
"""Too many copies waited, or the copy could not be logged."""
INCOMPLETE = "incomplete"
"""The request lacks an input of the shadow, or has it in an unsuitable form."""


async def add_missed(hub: Outside, group_id: UUID, counts: Counter[str]) -> None:
    """Add to a group's counts. Raises what Redis raises."""
    async with hub.redis.pipeline(transaction=False) as pipe:
        for why, count in counts.items():
            pipe.hincrby(missed_key(group_id), why, count)
        await pipe.execute()


async def missed(hub: Outside, group_id: UUID) -> Counter[str]:
    """Return how many rows the group's shadows did not score, by reason."""
    try:
        found: Any = await hub.redis.hgetall(missed_key(group_id))  # type: ignore[misc]  # redis types it for both its clients at once
    except (RedisError, OSError):
        return Counter()
    return Counter({why.decode(): int(count) for why, count in found.items()})
