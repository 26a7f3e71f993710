"""Alerts that need attention."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from backend.access.permissions import P
from backend.alerts import service
from backend.alerts.errors import AlertIsResolved, AlertNotFound, InvalidSilence, NotSilenced
from backend.live.service import follow
from rpc.core import Router, Tracked
from rpc.host import Call
from schemas.alerts import AcknowledgeAlert, Alert, AlertHistory, AlertRef, AlertRetention, ListAlerts, SilenceAlert
from schemas.common import Page

alerts = Router("alerts")


@alerts.query(permission=P.MONITORING_ALERT_READ)
async def list_(ctx: Call, input: ListAlerts) -> list[Alert]:
    """Return alerts and what to do about them: the open ones by default."""
    return await service.browse(ctx.work, input)


@alerts.query(permission=P.MONITORING_ALERT_READ)
async def history(ctx: Call, input: AlertHistory) -> Page[Alert]:
    """Return alerts of every state, newest first, page by page."""
    return await service.history(ctx.work, input)


@alerts.mutation(permission=P.MONITORING_ALERT_HANDLE, errors=(AlertNotFound, AlertIsResolved))
async def acknowledge(ctx: Call, input: AcknowledgeAlert) -> Alert:
    """Acknowledge an alert, so that others know. It resolves by itself once its cause is gone; a higher severity opens it again."""
    return await service.acknowledge(ctx.work, input)


@alerts.mutation(permission=P.MONITORING_ALERT_HANDLE, errors=(AlertNotFound, AlertIsResolved, InvalidSilence))
async def silence(ctx: Call, input: SilenceAlert) -> Alert:
    """Silence this kind and subject until a time, for a reason. A higher severity ends the silence."""
    return await service.silence(ctx.work, input)


@alerts.mutation(permission=P.MONITORING_ALERT_HANDLE, errors=(AlertNotFound, AlertIsResolved, NotSilenced))
async def unsilence(ctx: Call, input: AlertRef) -> Alert:
    """End a silence early."""
    return await service.unsilence(ctx.work, input)


@alerts.query(permission=P.MONITORING_ALERT_READ)
async def retention(ctx: Call) -> AlertRetention:
    """Return how long resolved alerts are kept: 365 days by default."""
    return await service.retention(ctx.work)


@alerts.mutation(permission=P.MONITORING_ALERT_RETAIN)
async def set_retention(ctx: Call, input: AlertRetention) -> AlertRetention:
    """Set how long resolved alerts are kept: days, or null for ever."""
    return await service.set_retention(ctx.work, input)


@alerts.subscription(permission=P.MONITORING_ALERT_READ)
async def on_alert(ctx: Call) -> AsyncIterator[Tracked[Alert]]:
    """Send the open alerts, then each change of an alert's state and each rise of its severity. Resumed by id, it omits none."""
    async with aclosing(follow(ctx.hub, ctx.actor, service.TOPIC, ctx.last_event_id)) as items:
        async for event_id, alert in items:
            yield Tracked(event_id, alert)
