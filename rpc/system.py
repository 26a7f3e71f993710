"""The installation's own state."""

from backend import health as service
from backend.access.permissions import P
from rpc.core import Router
from rpc.host import Call
from schemas.runs import SystemHealth

system = Router("system")


@system.query(permission=P.SYSTEM_HEALTH_READ)
async def health(ctx: Call) -> SystemHealth:
    """Return servers, workers, backlog, and the log's actual guarantee."""
    return await service.health(ctx.work)
