"""Refused calls: counted, and the latest kept with their reasons. Never a row of the log: a refusal is no prediction."""

import asyncio
import logging
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from backend.errors import HubError

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.inference")
KEPT = 1000
MOST_ISSUES = 20


def count_key(group_id: UUID) -> str:
    """Redis's counter of a group's refused calls."""
    return f"tiltyard:{group_id}:refused"


def latest_key(group_id: UUID) -> str:
    """Redis's list of a group's latest refusals, newest first."""
    return f"tiltyard:{group_id}:refusals"


class Refusals:
    """Notes refusals without making anybody wait."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._tasks: set[asyncio.Task[None]] = set()

    def note(self, group_id: UUID, caller: str, error: HubError) -> None:
        """Count it and keep who was refused and why: pointers and reasons, but of the payload only what they quote."""
        log.info("refused %s a prediction of group %s: %s", caller, group_id, error.reason)
        kept = {"at": self._hub.clock.now(), "caller": caller, "reason": error.reason, "issues": error.issues[:MOST_ISSUES]}
        task = asyncio.create_task(self._write(group_id, msgspec.msgpack.encode(kept)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Wait for what is under way."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _write(self, group_id: UUID, kept: bytes) -> None:
        try:
            async with self._hub.redis.pipeline(transaction=False) as pipe:
                pipe.incr(count_key(group_id))
                pipe.lpush(latest_key(group_id), kept)
                pipe.ltrim(latest_key(group_id), 0, KEPT - 1)
                await pipe.execute()
        except (RedisError, OSError):
            log.warning("a refusal of group %s could not be counted: Redis is not answering", group_id)


async def refused(hub: "Hub", group_id: UUID) -> int:
    """How many calls of the group were refused."""
    try:
        return int(await hub.redis.get(count_key(group_id)) or 0)
    except (RedisError, OSError):
        return 0
