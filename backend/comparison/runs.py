"""Runs of comparisons: a group's tallies made anew from its log."""

from uuid import UUID

from backend.comparison.rebuild import REBUILD_RUN, rebuild
from backend.runs.kinds import RunKind
from backend.runs.task import Task
from schemas.common import Json


async def rebuild_tallies(task: Task) -> Json:
    """Make a group's tallies from its log."""
    return await rebuild(task.hub, task.actor, UUID(task.args["group_id"]), task.progress)


RUNS = (RunKind(name=REBUILD_RUN, handler=rebuild_tallies),)
