"""Checks for a living worker, in the API processes: a worker cannot report its own absence."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from backend.actor import ANONYMOUS, system
from backend.alerts import service
from backend.alerts.settle import settle
from backend.hub import Hub
from backend.runs import service as runs
from backend.runs.alerts import NO_WORKER, without_worker

log = logging.getLogger("tiltyard.alerts")
FIRST_SECONDS = runs.SILENCE.total_seconds() + 5.0
"""Seconds that a starting hub gives its workers to report."""
EVERY_SECONDS = 10.0


async def check_workers(hub: Hub) -> bool:
    """Alert every tenant when no worker is alive."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        findings = await without_worker(work)
        tenants = await service.tenants(work)
    for tenant_id, alerted in tenants.items():
        if alerted or findings:
            async with hub.work(system(tenant_id, "watch")) as work:
                await settle(work, {NO_WORKER.name}, findings)
    return not findings


@asynccontextmanager
async def watch_workers(hub: Hub) -> AsyncIterator[None]:
    """Check for living workers every ten seconds while the block lasts."""

    async def watch() -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while True:
            try:
                await check_workers(hub)
            except Exception as error:  # PostgreSQL may be unavailable: try again next time
                log.warning("cannot check whether a worker is alive (%s)", type(error).__name__)
            await asyncio.sleep(EVERY_SECONDS)

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
