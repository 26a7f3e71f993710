"""Alerts: read, followed, and settled with the facts."""

from collections.abc import Collection, Sequence
from uuid import UUID

from backend.alerts import repository
from backend.alerts.events import ALERT_CHANGED
from backend.alerts.rules import Finding
from backend.alerts.tables import AlertRow
from backend.ids import new_id
from backend.live.service import Topic
from backend.work.unit import UnitOfWork
from schemas.alerts import Alert, AlertState, ListAlerts

MOST_OPEN = 500


async def browse(work: UnitOfWork, input: ListAlerts) -> list[Alert]:
    """Alerts, open before resolved, critical before warnings, the newest first."""
    return [_alert(row) for row in await repository.newest(work.session, work.tenant_id, input.state, input.limit)]


async def _open(work: UnitOfWork) -> list[Alert]:
    return await browse(work, ListAlerts(limit=MOST_OPEN))


TOPIC = Topic(ALERT_CHANGED, _open)
"""The open alerts, then every alert that is raised, changes, or is resolved."""


async def settle(work: UnitOfWork, kinds: Collection[str], findings: Sequence[Finding]) -> None:
    """Bring the alerts of some kinds in line with what a check of those kinds has found: raise, confirm, resolve."""
    there = {(row.kind, row.subject): row for row in await repository.open_alerts(work.session, work.tenant_id, kinds)}
    for finding in findings:
        row = there.pop((finding.kind, finding.subject), None)
        if row is None:
            _raise(work, finding)
        else:
            _confirm(work, row, finding)
    for row in there.values():
        row.state, row.resolved_at = AlertState.RESOLVED, work.now
        _tell(work, row)


async def tenants(work: UnitOfWork) -> dict[UUID, bool]:
    """Every tenant, and whether it has an open alert."""
    return {row.tenant_id: row.alerted for row in await repository.tenants(work.session)}


def _raise(work: UnitOfWork, finding: Finding) -> None:
    row = AlertRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        kind=finding.kind,
        subject=finding.subject,
        state=AlertState.OPEN,
        first_seen=work.now,
        last_seen=work.now,
        count=1,
    )
    row.severity, row.message, row.recommendation = finding.severity, finding.message, finding.recommendation
    work.session.add(row)
    _tell(work, row)


def _confirm(work: UnitOfWork, row: AlertRow, finding: Finding) -> None:
    said = (finding.severity, finding.message, finding.recommendation)
    changed = (row.severity, row.message, row.recommendation) != said
    row.severity, row.message, row.recommendation = said
    row.last_seen, row.count = work.now, row.count + 1
    if changed:
        _tell(work, row)


def _tell(work: UnitOfWork, row: AlertRow) -> None:
    work.live(ALERT_CHANGED, f"{row.kind} {row.subject}", _alert(row))


def _alert(row: AlertRow) -> Alert:
    return Alert(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        severity="critical" if row.severity == "critical" else "warning",
        message=row.message,
        recommendation=row.recommendation,
        state=AlertState(row.state),
        first_seen=row.first_seen,
        last_seen=row.last_seen,
        count=row.count,
    )
