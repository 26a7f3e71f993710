"""Heartbeats of a worker and its runs; cancellations arrive here."""

import asyncio
import logging
import os
import socket
import time

from backend.actor import ANONYMOUS
from backend.hub import Hub
from backend.runs import holding
from backend.runs import service as runs
from backend.runs.claims import HEARTBEAT, Stop
from workers.execute import Executor

log = logging.getLogger("tiltyard.worker")
STOP_CHECK_SECONDS = 0.5
"""Seconds between a worker's checks for runs to stop."""


async def beat(hub: Hub, worker_id: str) -> None:
    """Record that this worker lives."""
    async with hub.work(ANONYMOUS) as work:
        await runs.beat(work, worker_id, socket.gethostname(), os.getpid())


async def leave(hub: Hub, worker_id: str) -> None:
    """Record that this worker ended properly."""
    async with hub.work(ANONYMOUS) as work:
        await runs.leave(work, worker_id)


async def look(executor: Executor, renew: bool = False) -> None:
    """Stop the runs that a person cancelled, and those that this worker has lost; with `renew` renew the others."""
    held = dict(executor.held)
    if not held:
        return
    async with executor.hub.work(ANONYMOUS) as work:
        standing = await holding.standing(work, [one.task.claim for one in held.values()], renew)
    for run_id, one in held.items():
        if run_id not in standing:
            one.stop(Stop.TAKEN_OVER)
        elif standing[run_id]:
            one.stop(Stop.PERSON)


async def keep_beating(executor: Executor) -> None:
    """Renew this worker's claims every five seconds, and check twice a second for runs to stop."""
    due = 0.0
    while True:
        renew = time.monotonic() >= due
        try:
            if renew:
                await beat(executor.hub, executor.worker_id)
                due = time.monotonic() + HEARTBEAT.total_seconds()
            await look(executor, renew)
        except Exception:
            log.exception("the heartbeat could not be written")
        await asyncio.sleep(STOP_CHECK_SECONDS)
