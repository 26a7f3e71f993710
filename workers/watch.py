"""Watching over the hub: facts become alerts, and old live events go."""

import logging
from typing import Any

from backend.actor import ANONYMOUS
from backend.alerts import service as alerts
from backend.hub import Hub
from backend.importing import service as importing
from backend.live import service as live
from workers.alert_checks import AlertChecks

log = logging.getLogger("tiltyard.worker")


async def check(ctx: dict[str, Any]) -> None:
    """Every ten seconds: raise, confirm and resolve alerts."""
    checks: AlertChecks = ctx["checks"]
    await checks.run()


async def prune(ctx: dict[str, Any]) -> None:
    """Twice an hour: remove live events older than a day, drafts of imports that expired, and resolved alerts past their retention."""
    hub: Hub = ctx["hub"]
    async with hub.work(ANONYMOUS) as work:
        removed, drafts, resolved = await live.prune(work), await importing.prune(work), await alerts.prune(work)
    log.info("removed %s live events older than a day, %s expired drafts of imports, %s resolved alerts", removed, drafts, resolved)
