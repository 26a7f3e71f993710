"""What keeps the workers honest: heartbeats, and runs that a crash or a lost Redis left behind."""

import logging
import os
import socket

from backend.actor import ANONYMOUS
from backend.hub import Hub
from backend.runs import service as runs

log = logging.getLogger("tiltyard.worker")


async def beat(hub: Hub, worker_id: str) -> None:
    """Say that this worker lives."""
    async with hub.work(ANONYMOUS) as work:
        await runs.beat(work, worker_id, socket.gethostname(), os.getpid())


async def sweep(hub: Hub) -> int:
    """Ask again for every run that should be running and shows no sign of it; how many there were."""
    async with hub.work(ANONYMOUS) as work:
        lost = await runs.sweep(work)
    for run_id, kind in lost:
        log.warning("run %s (%s) was lost and is asked for again", run_id, kind)
    return len(lost)


async def leave(hub: Hub, worker_id: str) -> None:
    """Say that this worker ended properly."""
    async with hub.work(ANONYMOUS) as work:
        await runs.leave(work, worker_id)
