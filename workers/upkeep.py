"""Schedules that span several slices: check alerts; remove old events, drafts and alerts."""

import logging
from collections.abc import Sequence

from backend.actor import ANONYMOUS
from backend.alerts import service as alerts
from backend.importing import service as importing
from backend.inference_log.drain import Drainer
from backend.live import service as live
from backend.runs.context import Tick
from backend.runs.kinds import Schedule
from backend.slices import Slice
from workers.alert_checks import AlertChecks

log = logging.getLogger("tiltyard.worker")


async def prune(tick: Tick) -> None:
    """Remove live events older than a day, expired drafts of imports, and resolved alerts past their retention."""
    async with tick.hub.work(ANONYMOUS) as work:
        removed, drafts, resolved = await live.prune(work), await importing.prune(work), await alerts.prune(work)
    log.info("removed %s live events older than a day, %s expired drafts of imports, %s resolved alerts", removed, drafts, resolved)


def watches(slices: Sequence[Slice]) -> tuple[Schedule, ...]:
    """Return the schedules; the slices' declarations give the alert checks."""

    async def check(tick: Tick) -> None:
        drainer = tick.process.one(Drainer, lambda: Drainer(tick.hub))
        await tick.process.one(AlertChecks, lambda: AlertChecks(tick.hub, drainer.explainer.load, slices)).run()

    return (
        Schedule(name="watch.alerts", cron="5-59/10 * * * * *", handler=check),
        Schedule(name="watch.prune", cron="7,37 * * * *", handler=prune),
    )
