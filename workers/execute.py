"""How every run is executed: claimed, watched by a heartbeat, finished or tried again."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from backend.actor import ANONYMOUS, system
from backend.errors import HubError
from backend.hub import Hub
from backend.runs import service as runs
from backend.runs.kinds import Handler
from backend.runs.task import Task

log = logging.getLogger("tiltyard.worker")
HEARTBEAT_SECONDS = 5.0


async def execute(hub: Hub, handlers: Mapping[str, Handler], worker_id: str, run_id: UUID) -> None:
    """Execute a run unless somebody alive is at it. Harmless to call twice."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        found = await runs.find(work, run_id)
    if found is None:
        return
    tenant_id, kind = found
    actor = system(tenant_id, f"worker ({kind})")
    async with hub.work(actor) as work:
        claimed = await runs.claim(work, run_id, worker_id)
    if claimed is None:
        return
    run, args = claimed
    await _carry_out(handlers.get(kind), Task(hub, actor, run, args, worker_id))


async def _carry_out(handler: Handler | None, task: Task) -> None:
    beating = asyncio.create_task(_heartbeat(task))
    try:
        if handler is None:
            raise HubError(f"This worker knows no run of the kind {task.run.kind!r}; is it older than the hub?")
        result = await handler(task)
    except Exception as error:
        log.exception("run %s (%s) failed at attempt %s", task.run.id, task.run.kind, task.run.attempts)
        said = error.message if isinstance(error, HubError) else f"{type(error).__name__}: see the worker's log for run {task.run.id}"
        async with task.hub.work(task.actor) as work:
            await runs.fail(work, task.run, task.worker_id, said)
    else:
        async with task.hub.work(task.actor) as work:
            await runs.succeed(work, task.run.id, task.worker_id, result)
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _heartbeat(task: Task) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        with suppress(Exception):  # a missed beat is made up for by the next
            async with task.hub.work(task.actor) as work:
                await runs.progress(work, task.run.id, task.worker_id)
