"""Runs and schedules of datasets."""

from backend.datasets.retention import keep_datasets
from backend.datasets.sealing import seal
from backend.datasets.service import SEAL_RUN
from backend.runs.context import Tick
from backend.runs.kinds import Missed, RunKind, Schedule, Scope


async def expire(tick: Tick) -> None:
    """Remove uploads that nobody sealed, and what is past its dataset's retention."""
    await keep_datasets(tick.hub, tick.actor)


RUNS = (RunKind(name=SEAL_RUN, handler=seal),)
SCHEDULES = (Schedule(name="datasets.expire", cron="23 * * * *", handler=expire, missed=Missed.CATCH_UP, scope=Scope.TENANT),)
