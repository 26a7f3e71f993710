"""The job queue on ARQ. What travels is msgpack, never pickle: reading a job runs no code."""

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from arq import ArqRedis, create_pool
from arq.connections import RedisSettings

DEFAULT_QUEUE = "tiltyard:default"
DRAIN_QUEUE = "tiltyard:drain"
SLOT_SECONDS = 0.25
"""Requests for one group's drain within a slot are one job. A fixed id would be refused while a job of it is finishing, and nobody drained."""
MOST_DRAINS = 200
"""More drains waiting than this means that no worker is there: the cron will drain when one comes."""
EXPIRES = timedelta(minutes=1)


def serialize(job: dict[str, Any]) -> bytes:
    """A job, or its result, as msgpack; an exception travels as its words."""
    return msgspec.msgpack.encode(job, enc_hook=repr)


def deserialize(raw: bytes) -> dict[str, Any]:
    """The job again."""
    job: dict[str, Any] = msgspec.msgpack.decode(raw)
    return job


class ArqQueue:
    """Implements `backend.ports.JobQueue`. Connects when first used."""

    def __init__(self, redis_url: str) -> None:
        self._settings = RedisSettings.from_dsn(redis_url)
        self._settings.conn_retries = 1
        self._pool: ArqRedis | None = None
        self._opening = asyncio.Lock()

    async def run(self, run_id: UUID, kind: str, delay: timedelta | None = None) -> None:
        """Ask a worker to execute the run. The id carries the second: a job that a killed worker held does not stand in the way of another."""
        redis = await self._redis()
        due = time.time() + (delay.total_seconds() if delay else 0)
        await redis.enqueue_job("run", str(run_id), _job_id=f"run:{run_id}:{int(due)}", _queue_name=DEFAULT_QUEUE, _defer_by=delay)

    async def drain(self, group_id: UUID) -> None:
        """Ask a worker to move a group's intake into its log."""
        redis = await self._redis()
        if await redis.zcard(DRAIN_QUEUE) < MOST_DRAINS:
            slot = int(time.time() / SLOT_SECONDS)
            await redis.enqueue_job("drain", str(group_id), _job_id=f"drain:{group_id}:{slot}", _queue_name=DRAIN_QUEUE, _expires=EXPIRES)

    async def close(self) -> None:
        """Let go of Redis."""
        if self._pool is not None:
            await self._pool.aclose()

    async def _redis(self) -> ArqRedis:
        async with self._opening:
            if self._pool is None:
                self._pool = await create_pool(self._settings, job_serializer=serialize, job_deserializer=deserialize)
            return self._pool
