"""Background executions."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from backend.access.permissions import P
from backend.live.service import follow
from backend.runs import service
from backend.runs.errors import RunFinished, RunNotFound
from rpc.core import Router, Tracked
from rpc.host import Call
from schemas.runs import CancelRun, ListRuns, Run, RunRef, WatchRuns

runs = Router("runs")


@runs.query(permission=P.SYSTEM_RUN_READ)
async def list_(ctx: Call, input: ListRuns) -> list[Run]:
    """Return runs, newest first."""
    return await service.browse(ctx.work, input)


@runs.query(permission=P.SYSTEM_RUN_READ, errors=(RunNotFound,))
async def get(ctx: Call, input: RunRef) -> Run:
    """Return one run: its progress and its result."""
    return await service.get(ctx.work, input)


@runs.mutation(permission=P.SYSTEM_RUN_CANCEL, errors=(RunNotFound, RunFinished))
async def cancel(ctx: Call, input: CancelRun) -> Run:
    """Cancel a run. A waiting run is cancelled at once; its worker stops a running one within two seconds."""
    return await service.cancel(ctx.work, input)


@runs.subscription(permission=P.SYSTEM_RUN_READ, errors=(RunNotFound,))
async def on_progress(ctx: Call, input: WatchRuns) -> AsyncIterator[Tracked[Run]]:
    """Send the newest runs (or the requested one), then a run whenever it is created, progresses, or ends. Resumed by id, it omits nothing."""
    async with aclosing(follow(ctx.hub, ctx.actor, service.topic(input), ctx.last_event_id)) as items:
        async for event_id, run in items:
            yield Tracked(event_id, run)
