"""Runs and schedules of toys."""

from uuid import UUID

from backend.runs.kinds import RunKind, Schedule
from backend.runs.task import Task, Tick
from backend.toys import service
from backend.toys.metrics import TICKS_KEY
from schemas.common import Json


async def weigh(task: Task) -> Json:
    """Weigh a toy."""
    async with task.hub.work(task.actor) as work:
        return {"weight": (await service.weigh(work, UUID(task.args["toy_id"]))).weight}


async def count(tick: Tick) -> None:
    """Count the tick."""
    await tick.hub.redis.incr(TICKS_KEY)


RUNS = (RunKind(name=service.WEIGH_RUN, handler=weigh),)
SCHEDULES = (Schedule(name="toys.count", cron="* * * * * *", handler=count),)
