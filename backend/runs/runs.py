"""Upkeep of runs: send lost and forgotten runs to the queue again, remove old ticks."""

from backend.actor import ANONYMOUS
from backend.runs import ticks
from backend.runs.context import Tick
from backend.runs.kinds import Schedule
from backend.runs.sweep import sweep


async def ask_again(tick: Tick) -> None:
    """Send every due run without a living worker to the queue again."""
    await sweep(tick.hub)


async def prune_ticks(tick: Tick) -> None:
    """Remove ticks older than six hours."""
    async with tick.hub.work(ANONYMOUS) as work:
        await ticks.prune(work)


SCHEDULES = (
    Schedule(name="runs.sweep", cron="*/2 * * * * *", handler=ask_again),
    Schedule(name="runs.prune_ticks", cron="17 * * * *", handler=prune_ticks),
)
