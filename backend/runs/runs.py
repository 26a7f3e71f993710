"""Upkeep of runs: the lost and the forgotten are asked for again, old ticks go."""

from backend.actor import ANONYMOUS
from backend.runs import ticks
from backend.runs.context import Tick
from backend.runs.kinds import Schedule
from backend.runs.sweep import sweep


async def ask_again(tick: Tick) -> None:
    """Ask for every run that is due and that no living worker holds."""
    await sweep(tick.hub)


async def prune_ticks(tick: Tick) -> None:
    """Remove ticks older than six hours."""
    async with tick.hub.work(ANONYMOUS) as work:
        await ticks.prune(work)


SCHEDULES = (
    Schedule(name="runs.sweep", cron="*/2 * * * * *", handler=ask_again),
    Schedule(name="runs.prune_ticks", cron="17 * * * *", handler=prune_ticks),
)
