"""Runs and schedules of logs: archive, drop, drain backlogs, make missing explanations, keep partitions."""

import logging
from datetime import timedelta
from uuid import UUID

from backend.groups.log_policy import ARCHIVE_RUN, DROP_RUN
from backend.inference_log import retention
from backend.inference_log.archives import archive as archiving
from backend.inference_log.drain import Drainer
from backend.inference_log.sweep import explain_missing, waiting_groups
from backend.runs.context import RunContext, Tick
from backend.runs.kinds import RunKind, Schedule
from schemas.common import Json

log = logging.getLogger("tiltyard.worker")


async def archive(task: RunContext) -> Json:
    """Write the log as Parquet with a manifest, verify it, then drop the log."""
    await task.progress(5, "waiting for the intake to empty")
    return await archiving.archive(task.hub, task.actor, UUID(task.args["group_id"]))


async def drop(task: RunContext) -> Json:
    """Drop the log."""
    return await archiving.drop(task.hub, task.actor, UUID(task.args["group_id"]))


async def drain_waiting(tick: Tick) -> None:
    """Request a drain of every group with a backlog."""
    for group_id in await waiting_groups(tick.hub):
        await tick.hub.queue.drain(group_id)


async def explain_rest(tick: Tick) -> None:
    """Explain rows that were written without their explanation."""
    drainer = tick.process.one(Drainer, lambda: Drainer(tick.hub))
    if found := await explain_missing(tick.hub, drainer.explainer):
        log.info("found %s inferences without their explanation", found)


async def keep_logs(tick: Tick) -> None:
    """Create partitions in advance; remove keys older than a day, and weeks past a group's retention."""
    await retention.keep_logs(tick.hub)


RUNS = (RunKind(name=ARCHIVE_RUN, handler=archive), RunKind(name=DROP_RUN, handler=drop))
SCHEDULES = (
    Schedule(name="inference_log.drain_waiting", cron="* * * * * *", handler=drain_waiting, timeout=timedelta(seconds=10)),
    Schedule(name="inference_log.explain_rest", cron="*/3 * * * * *", handler=explain_rest, timeout=timedelta(seconds=10)),
    Schedule(name="inference_log.keep_logs", cron="30 3-59/10 * * * *", handler=keep_logs, timeout=timedelta(hours=1)),
)
