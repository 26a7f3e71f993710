"""Background executions."""

from backend.access.permissions import P
from backend.runs import service
from backend.runs.errors import RunNotFound
from rpc.core import Router
from rpc.host import Call
from schemas.runs import ListRuns, Run, RunRef

runs = Router("runs")


@runs.query(permission=P.SYSTEM_RUN_READ)
async def list_(ctx: Call, input: ListRuns) -> list[Run]:
    """The newest runs first."""
    return await service.browse(ctx.work, input)


@runs.query(permission=P.SYSTEM_RUN_READ, errors=(RunNotFound,))
async def get(ctx: Call, input: RunRef) -> Run:
    """One run: how far it is, and how it ended."""
    return await service.get(ctx.work, input)
