"""Runs of logs: a deleted group's log archived or dropped."""

from uuid import UUID

from backend.groups.log_policy import ARCHIVE_RUN, DROP_RUN
from backend.inference_log import archive as archiving
from backend.runs.kinds import RunKind
from backend.runs.task import Task
from schemas.common import Json


async def archive(task: Task) -> Json:
    """Write the log as Parquet with a manifest, verify it, then drop the log."""
    await task.progress(5, "waiting for the intake to empty")
    return await archiving.archive(task.hub, task.actor, UUID(task.args["group_id"]))


async def drop(task: Task) -> Json:
    """Drop the log."""
    return await archiving.drop(task.hub, task.actor, UUID(task.args["group_id"]))


RUNS = (RunKind(name=ARCHIVE_RUN, handler=archive), RunKind(name=DROP_RUN, handler=drop))
