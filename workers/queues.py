"""The queues: one ARQ worker each, with its own slots, on one event loop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from arq import Worker, func
from arq.connections import RedisSettings

from backend.adapters.arq_queue import deserialize, queue_name, serialize
from backend.runs.kinds import Queue
from workers import drain
from workers.execute import Executor

log = logging.getLogger("tiltyard.worker")
SLOTS: Mapping[Queue, int] = {Queue.DRAIN: 8, Queue.CRONS: 4, Queue.DEFAULT: 4, Queue.TRAINING: 1}
"""Jobs of each queue that one worker process executes at a time."""
RETRY_SECONDS = 1.0
JOB_SECONDS = 366 * 24 * 3600
"""Seconds. ARQ's own time limit, never reached: the run's kind has one."""


async def run(ctx: dict[str, Any], run_id: str) -> None:
    """Execute a run as ARQ's job; the run's row has the rest."""
    executor: Executor = ctx["executor"]
    await executor.run(UUID(run_id))


def runs_worker(settings: RedisSettings, ctx: dict[str, Any], queue: Queue = Queue.DEFAULT) -> Worker:
    """Return a worker for runs. ARQ tries each once: the run's row decides about another attempt."""
    return Worker(
        functions=[func(run, name="run", max_tries=1, timeout=JOB_SECONDS, keep_result=0)],
        queue_name=queue_name(queue),
        max_jobs=SLOTS[queue],
        poll_delay=0.2,
        **_common(settings, ctx),
    )


def drain_worker(settings: RedisSettings, ctx: dict[str, Any]) -> Worker:
    """Return a worker that moves answered predictions into the logs."""
    return Worker(
        functions=[
            func(drain.drain, name="drain", max_tries=1, timeout=drain.TIMEOUT_SECONDS, keep_result=0),
        ],
        queue_name=queue_name(Queue.DRAIN),
        poll_delay=0.05,
        max_jobs=SLOTS[Queue.DRAIN],
        **_common(settings, ctx),
    )


def workers_of(settings: RedisSettings, ctx: dict[str, Any]) -> list[Callable[[], Worker]]:
    """Return a factory of each queue's worker, which makes it again after Redis was unavailable."""

    def of(queue: Queue) -> Callable[[], Worker]:
        return (lambda: drain_worker(settings, ctx)) if queue is Queue.DRAIN else (lambda: runs_worker(settings, ctx, queue))

    return [of(queue) for queue in Queue]


async def keep(make: Callable[[], Worker]) -> None:
    """Run a worker. When Redis fails, wait for it and continue. Started runs continue meanwhile."""
    while True:
        worker = make()
        try:
            await worker.async_run()
        except Exception:
            log.exception("worker %s stopped and starts again", worker.queue_name)
        finally:
            with suppress(Exception):  # its Redis may be unavailable
                await worker.close()
        await asyncio.sleep(RETRY_SECONDS)


def _common(settings: RedisSettings, ctx: dict[str, Any]) -> dict[str, Any]:
    return {
        "redis_settings": settings,
        "ctx": ctx,
        "job_serializer": serialize,
        "job_deserializer": deserialize,
        "handle_signals": False,
        "log_results": False,
        "health_check_interval": 10,
    }
