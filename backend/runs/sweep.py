"""Runs that a crash or a lost Redis left behind."""

import logging

from backend.actor import ANONYMOUS, system
from backend.hub import Hub
from backend.runs import holding

log = logging.getLogger("tiltyard.worker")


async def sweep(hub: Hub) -> int:
    """Send every due run without a living worker to the queue again. Return their number."""
    async with hub.work(ANONYMOUS) as work:
        found = await holding.overdue(work)
    for run_id, tenant_id, kind, silent in found:
        if silent:
            log.warning("run %s (%s) lost its worker", run_id, kind)
            async with hub.work(system(tenant_id, "sweep")) as work:
                await holding.lose(work, run_id)
        await hub.queue.run(run_id, kind)
    return len(found)
