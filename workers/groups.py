"""Runs of groups: their logs archived or dropped."""

from uuid import UUID

from backend.groups.log_policy import ARCHIVE_RUN, DROP_RUN
from backend.inference_log import archive as archiving
from schemas.common import Json
from workers.execute import Handler, Task


async def archive(task: Task) -> Json:
    """The log as Parquet with a manifest, verified, then dropped."""
    await task.progress(5, "waiting for the intake to empty")
    return await archiving.archive(task.hub, task.actor, UUID(task.args["group_id"]))


async def drop(task: Task) -> Json:
    """The log dropped."""
    return await archiving.drop(task.hub, task.actor, UUID(task.args["group_id"]))


HANDLERS: dict[str, Handler] = {ARCHIVE_RUN: archive, DROP_RUN: drop}
