"""Refused calls: counted, and the latest kept with their reasons. Never a row of the log: a refusal is no prediction."""

import asyncio
import logging
from collections import Counter, defaultdict, deque
from typing import Any
from uuid import UUID

import msgspec
from redis.exceptions import RedisError

from backend.errors import HubError
from backend.inference_log.redis.keys import count_key, latest_key, reasons_key
from backend.outside import Outside
from schemas.common import Issue
from schemas.inference import Refusal

log = logging.getLogger("tiltyard.inference")
REFUSALS_KEPT = 1000
SHOWN = 20
REDIS_SECONDS = 2.0
"""Seconds to wait for a Redis that hangs."""
MOST_NOTED_ISSUES = 20
MOST_CHARACTERS = 300
"""Characters kept of a pointer or a message, which may quote the request."""

_decoder = msgspec.msgpack.Decoder(Refusal)


class Noted:
    """A group's refusals that are not written yet: counts by reason, the latest ones, and the text of the last."""

    def __init__(self) -> None:
        self.reasons: Counter[str] = Counter()
        self.latest: deque[bytes] = deque(maxlen=REFUSALS_KEPT)
        self.last = ""


class Refusals:
    """Records refusals without making callers wait. Refusals during a write go together: a halt may refuse thousands per second."""

    def __init__(self, hub: Outside) -> None:
        self._hub = hub
        self._noted: defaultdict[UUID, Noted] = defaultdict(Noted)
        self._writing: asyncio.Task[None] | None = None

    def note(self, group_id: UUID, caller: str, error: HubError) -> None:
        """Count a refusal and keep its caller and reason: pointers and reasons, and of the payload only what they quote."""
        noted = self._noted[group_id]
        noted.reasons[error.reason] += 1
        noted.last = f"to {caller}: {error.reason}"
        issues = [Issue(pointer=one.pointer[:MOST_CHARACTERS], message=one.message[:MOST_CHARACTERS]) for one in error.issues[:MOST_NOTED_ISSUES]]
        noted.latest.append(msgspec.msgpack.encode(Refusal(at=self._hub.clock.now(), caller=caller, reason=error.reason, issues=issues)))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_all())

    async def close(self) -> None:
        """Wait for running writes."""
        if self._writing:
            await self._writing

    async def _write_all(self) -> None:
        while self._noted:
            noted, self._noted = self._noted, defaultdict(Noted)
            for group_id, mine in noted.items():
                await self._write(group_id, mine)

    async def _write(self, group_id: UUID, noted: Noted) -> None:
        count = noted.reasons.total()
        log.info("refused %s predictions of group %s, the latest %s", count, group_id, noted.last)
        try:
            async with asyncio.timeout(REDIS_SECONDS), self._hub.redis.pipeline(transaction=False) as pipe:
                pipe.incrby(count_key(group_id), count)
                for reason, part in noted.reasons.items():
                    pipe.hincrby(reasons_key(group_id), reason, part)
                pipe.lpush(latest_key(group_id), *noted.latest)
                pipe.ltrim(latest_key(group_id), 0, REFUSALS_KEPT - 1)
                await pipe.execute()
        except (RedisError, OSError, TimeoutError):
            log.warning("%s refusals of group %s could not be counted: Redis is not answering", count, group_id)


async def latest(hub: Outside, group_id: UUID) -> list[Refusal]:
    """Return the latest refused calls of the group, newest first; none while Redis, which stores them, is down."""
    try:
        async with asyncio.timeout(REDIS_SECONDS):
            kept: list[bytes] = await hub.redis.lrange(latest_key(group_id), 0, SHOWN - 1)  # type: ignore[misc]  # redis types it for both its clients at once
    except (RedisError, OSError, TimeoutError):
        return []
    return [_decoder.decode(one) for one in kept]


async def refused(hub: Outside, group_id: UUID) -> int:
    """Return the number of refused calls of the group."""
    try:
        async with asyncio.timeout(REDIS_SECONDS):
            return int(await hub.redis.get(count_key(group_id)) or 0)
    except (RedisError, OSError, TimeoutError):
        return 0


async def refused_by_reason(hub: Outside, group_id: UUID) -> dict[str, int]:
    """Return the number of refused calls by reason (`GROUP_HALTED`, `MISSING_FEATURES`); none while Redis, which counts, is down."""
    try:
        async with asyncio.timeout(REDIS_SECONDS):
            found: Any = await hub.redis.hgetall(reasons_key(group_id))  # type: ignore[misc]  # redis types it for both its clients at once
    except (RedisError, OSError, TimeoutError):
        return {}
    return {reason.decode(): int(count) for reason, count in found.items()}
