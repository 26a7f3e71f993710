"""What needs somebody."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from backend.access.permissions import P
from backend.alerts import service
from backend.live.service import follow
from rpc.core import Router, Tracked
from rpc.host import Call
from schemas.alerts import Alert, ListAlerts

alerts = Router("alerts")


@alerts.query(permission=P.MONITORING_ALERT_READ)
async def list_(ctx: Call, input: ListAlerts) -> list[Alert]:
    """Alerts with what to do about them: the open ones, unless asked for others."""
    return await service.browse(ctx.work, input)


@alerts.subscription(permission=P.MONITORING_ALERT_READ)
async def on_alert(ctx: Call) -> AsyncIterator[Tracked[Alert]]:
    """The open alerts as they are, then every alert that is raised, changes, or is resolved. Resumed by id, it leaves none out."""
    async with aclosing(follow(ctx.hub, ctx.actor, service.TOPIC, ctx.last_event_id)) as items:
        async for event_id, alert in items:
            yield Tracked(event_id, alert)
