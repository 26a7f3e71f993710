"""Alerts: read, follow, acknowledge, silence, and keep for the tenant's retention."""

from uuid import UUID

from backend.alerts import actions, repository
from backend.alerts.errors import AlertIsResolved, AlertNotFound, InvalidSilence, NotSilenced
from backend.alerts.events import ALERT_CHANGED
from backend.alerts.rules import LONGEST_SILENCE, RETENTION_DAYS, unsilenced
from backend.alerts.settle import alert_of, notify
from backend.alerts.tables import AlertRow
from backend.live.service import Topic
from backend.work.unit import UnitOfWork
from schemas.alerts import AcknowledgeAlert, Alert, AlertHistory, AlertRef, AlertRetention, AlertState, ListAlerts, SilenceAlert
from schemas.common import Issue, Page

MOST_LISTED = 500


async def browse(work: UnitOfWork, input: ListAlerts) -> list[Alert]:
    """Alerts, open before the others, the most severe and the newest first."""
    return [alert_of(row) for row in await repository.newest(work.session, work.tenant_id, input)]


async def history(work: UnitOfWork, input: AlertHistory) -> Page[Alert]:
    """Alerts of every state, the newest first."""
    rows = await repository.history(work.session, work.tenant_id, input)
    page = rows[: input.limit]
    return Page(items=[alert_of(row) for row in page], next_cursor=str(page[-1].id) if len(rows) > input.limit else None)


async def _open(work: UnitOfWork) -> list[Alert]:
    return await browse(work, ListAlerts(limit=MOST_LISTED))


TOPIC = Topic(ALERT_CHANGED, _open)
"""Send the open alerts, then every change of an alert's state and every rise of its severity."""


async def acknowledge(work: UnitOfWork, input: AcknowledgeAlert) -> Alert:
    """Acknowledge an alert. The alert shows the last person who did. A silence continues. Raises AlertNotFound, AlertIsResolved."""
    row = await _active(work, input.alert_id)
    before = alert_of(row)
    row.acknowledged_at, row.acknowledged_by, row.acknowledgement = work.now, work.actor.name, input.note
    if row.state == AlertState.OPEN:
        row.state = AlertState.ACKNOWLEDGED
    work.audit(actions.ALERTS_ACKNOWLEDGE, _subject(row), {"state": before.state}, {"state": row.state, "note": input.note})
    return notify(work, row)


async def silence(work: UnitOfWork, input: SilenceAlert) -> Alert:
    """Silence an alert until a time. Its kind and subject stay silent, also when the fact goes and comes back. Raises AlertNotFound, AlertIsResolved,
    InvalidSilence.
    """
    if input.until.tzinfo is None:
        raise InvalidSilence(issues=[Issue(pointer="/until", message="has no time zone; end it with Z for UTC")])
    if not work.now < input.until <= work.now + LONGEST_SILENCE:
        raise InvalidSilence(issues=[Issue(pointer="/until", message="must be in the future, at most 90 days ahead")])
    row = await _active(work, input.alert_id)
    before = {"state": row.state, "until": row.silenced_until}
    row.state, row.silenced_until, row.silenced_by, row.silence_reason = AlertState.SILENCED, input.until, work.actor.name, input.reason
    work.audit(actions.ALERTS_SILENCE, _subject(row), before, {"state": row.state, "until": input.until, "reason": input.reason})
    return notify(work, row)


async def unsilence(work: UnitOfWork, input: AlertRef) -> Alert:
    """End a silence early. Raises AlertNotFound, AlertIsResolved, NotSilenced."""
    row = await _active(work, input.alert_id)
    if row.state != AlertState.SILENCED:
        raise NotSilenced
    before = {"state": row.state, "until": row.silenced_until}
    row.state, row.silenced_until = unsilenced(row.acknowledged_at is not None), None
    work.audit(actions.ALERTS_UNSILENCE, _subject(row), before, {"state": row.state})
    return notify(work, row)


async def retention(work: UnitOfWork) -> AlertRetention:
    """Return the retention of the tenant's resolved alerts: 365 days by default."""
    row = await repository.settings(work.session, work.tenant_id)
    return AlertRetention(days=row.retention_days if row else RETENTION_DAYS)


async def set_retention(work: UnitOfWork, input: AlertRetention) -> AlertRetention:
    """Keep resolved alerts for this many days, or forever."""
    work.audit(actions.ALERTS_SET_RETENTION, "alerts", await retention(work), input)
    await repository.keep_for(work.session, work.tenant_id, input.days)
    return input


async def prune(work: UnitOfWork) -> int:
    """Remove the resolved alerts of all tenants that are past their retention. Return their number."""
    return await repository.prune(work.session)


async def tenants(work: UnitOfWork) -> dict[UUID, bool]:
    """Return every tenant, and whether it has an unresolved alert."""
    return {row.tenant_id: row.alerted for row in await repository.tenants(work.session)}


async def open_by_severity(work: UnitOfWork) -> dict[str, int]:
    """Count the open alerts of all tenants by severity."""
    return await repository.open_by_severity(work.session)


async def _active(work: UnitOfWork, alert_id: UUID) -> AlertRow:
    await repository.hold(work.session, work.tenant_id)
    row = await repository.one(work.session, work.tenant_id, alert_id)
    if row is None:
        raise AlertNotFound
    if row.state == AlertState.RESOLVED:
        raise AlertIsResolved
    return row


def _subject(row: AlertRow) -> str:
    return f"alert:{row.kind} {row.subject}"
