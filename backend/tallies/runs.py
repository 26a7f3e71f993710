"""Schedules of tallies: compaction of appended tallies."""

from backend.runs.context import Tick
from backend.runs.kinds import Schedule
from backend.tallies.compaction import fold_waiting


async def fold(tick: Tick) -> None:
    """Compact the tallies of every group with many appended ones."""
    await fold_waiting(tick.hub)


SCHEDULES = (Schedule(name="tallies.fold", cron="2-59/5 * * * * *", handler=fold),)
