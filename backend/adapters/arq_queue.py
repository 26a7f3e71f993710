"""The job queue on ARQ. Jobs travel as msgpack, never as pickle: reading a job runs no code."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from arq import ArqRedis, create_pool
from arq.connections import RedisSettings


def queue_name(queue: str) -> str:
    """Return a queue's key in Redis."""
    return f"tiltyard:{queue}"


DEFAULT_QUEUE = queue_name("default")
DRAIN_QUEUE = queue_name("drain")
SLOT_SECONDS = 0.25
"""Seconds. All requests for one group's drain in this time are one job. A fixed id would be refused while its job is finishing, and nobody would drain."""
MOST_DRAINS = 200
"""With more waiting drains than this no worker is alive. The cron will drain when one starts."""
EXPIRES = timedelta(minutes=1)
DAY = timedelta(days=1)
MOST_RUNS = 1000
"""With more waiting runs than this in a queue, none is added. Their rows keep them, and the sweep asks again."""
SKEW = timedelta(hours=1)
"""ARQ compares the clocks of two hosts. An immediate job is backdated by this, so that a worker with a slow clock takes it too."""


def serialize(job: dict[str, Any]) -> bytes:
    """Return a job, or its result, as msgpack; an exception as its text."""
    return msgspec.msgpack.encode(job, enc_hook=repr)


def deserialize(raw: bytes) -> dict[str, Any]:
    """Return the job of these bytes."""
    job: dict[str, Any] = msgspec.msgpack.decode(raw)
    return job


class ArqQueue:
    """Implements `backend.ports.JobQueue`. Connects when first used."""

    def __init__(self, redis_url: str, queues: Mapping[str, str] | None = None) -> None:
        """`queues` maps kinds of runs to queues; other kinds go into `default`."""
        self._queues = queues or {}
        self._settings = RedisSettings.from_dsn(redis_url)
        self._settings.conn_retries = 1
        self._pool: ArqRedis | None = None
        self._opening = asyncio.Lock()

    async def run(self, run_id: UUID, kind: str, delay: timedelta | None = None) -> None:
        """Ask a worker to execute the run. The job's id contains the second, so a job of a killed worker blocks no other."""
        redis = await self._redis()
        queue = queue_name(self._queues.get(kind, "default"))
        due = datetime.now(UTC) + (delay or -SKEW)
        if await redis.zcard(queue) < MOST_RUNS:
            job, expires = f"run:{run_id}:{int(due.timestamp())}", DAY + (delay or timedelta())
            await redis.enqueue_job("run", str(run_id), _job_id=job, _queue_name=queue, _defer_until=due, _expires=expires)

    async def drain(self, group_id: UUID) -> None:
        """Ask a worker to move a group's intake into its log."""
        redis = await self._redis()
        if await redis.zcard(DRAIN_QUEUE) < MOST_DRAINS:
            slot, due = int(time.time() / SLOT_SECONDS), datetime.now(UTC) - SKEW
            await redis.enqueue_job("drain", str(group_id), _job_id=f"drain:{group_id}:{slot}", _queue_name=DRAIN_QUEUE, _defer_until=due, _expires=EXPIRES)

    async def depths(self, queues: Sequence[str]) -> list[int]:
        """How many jobs of each queue wait or are being carried out."""
        async with (await self._redis()).pipeline(transaction=False) as pipe:
            for queue in queues:
                pipe.zcard(queue_name(queue))
            return [int(count) for count in await pipe.execute()]

    async def close(self) -> None:
        """Close the connection to Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _redis(self) -> ArqRedis:
        async with self._opening:
            if self._pool is None:
                self._pool = await create_pool(self._settings, job_serializer=serialize, job_deserializer=deserialize)
            return self._pool
