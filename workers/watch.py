"""Watching over the hub: facts become alerts, and old live events go."""

import logging
from typing import Any

from backend.actor import ANONYMOUS
from backend.alerts.checks import Checks
from backend.hub import Hub
from backend.importing import service as importing
from backend.live import service as live

log = logging.getLogger("tiltyard.worker")


async def check(ctx: dict[str, Any]) -> None:
    """Every ten seconds: raise, confirm and resolve alerts."""
    checks: Checks = ctx["checks"]
    await checks.run()


async def prune(ctx: dict[str, Any]) -> None:
    """Twice an hour: remove live events that are older than a day, and drafts of imports that expired."""
    hub: Hub = ctx["hub"]
    async with hub.work(ANONYMOUS) as work:
        removed, drafts = await live.prune(work), await importing.prune(work)
    log.info("removed %s live events older than a day, %s expired drafts of imports", removed, drafts)
