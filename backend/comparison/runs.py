"""Runs and schedules of comparisons: rebuilt tallies."""

from uuid import UUID

from backend.comparison.rebuild import REBUILD_RUN, ask_due, rebuild
from backend.runs.context import RunContext, Tick
from backend.runs.kinds import RunKind, Schedule
from schemas.common import Json


async def rebuild_tallies(task: RunContext) -> Json:
    """Rebuild a group's tallies from its log."""
    return await rebuild(task.hub, task.actor, UUID(task.args["group_id"]), task.progress)


async def ask_rebuilds(tick: Tick) -> None:
    """Start the rebuilds that are due."""
    await ask_due(tick.hub)


RUNS = (RunKind(name=REBUILD_RUN, handler=rebuild_tallies),)
SCHEDULES = (Schedule(name="comparison.ask_rebuilds", cron="2-59/5 * * * * *", handler=ask_rebuilds),)
