"""Schedules of tallies: what writers appended is folded."""

from backend.runs.context import Tick
from backend.runs.kinds import Schedule
from backend.tallies.compaction import fold_waiting


async def fold(tick: Tick) -> None:
    """Fold the tallies of every group that has many unfolded ones."""
    await fold_waiting(tick.hub)


SCHEDULES = (Schedule(name="tallies.fold", cron="2-59/5 * * * * *", handler=fold),)
