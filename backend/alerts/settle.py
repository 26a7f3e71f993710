"""Bring alerts in line with the findings of checks."""

from collections.abc import Collection, Sequence

from backend.alerts import repository, rules
from backend.alerts.events import ALERT_CHANGED
from backend.alerts.rules import AlertStanding, Move
from backend.alerts.tables import AlertRow
from backend.declarations.alerts import Finding
from backend.ids import new_id
from backend.work.unit import UnitOfWork
from schemas.alerts import Alert, AlertState, Severity


async def settle(work: UnitOfWork, kinds: Collection[str], findings: Sequence[Finding]) -> None:
    """Open, confirm and resolve the alerts of some kinds by the findings of one check of those kinds."""
    await repository.hold(work.session, work.tenant_id)
    there = {(row.kind, row.subject): row for row in await repository.active(work.session, work.tenant_id, kinds)}
    for finding in {(one.kind, one.subject): one for one in findings}.values():
        row = there.pop((finding.kind, finding.subject), None)
        if row is None:
            await _open(work, finding)
        else:
            _confirm(work, row, finding)
    for row in there.values():
        _move(work, row, rules.clean(work.now, _standing(row)))


async def _open(work: UnitOfWork, finding: Finding) -> None:
    """Open a new alert. It starts silenced while an earlier alert's silence lasts, unless its severity is higher."""
    row = AlertRow(id=new_id(), tenant_id=work.tenant_id, kind=finding.kind, subject=finding.subject, state=AlertState.OPEN, count=1, clean_checks=0)
    row.first_seen = row.last_seen = row.told_at = work.now
    _say(row, finding)
    before = await repository.last_resolved(work.session, work.tenant_id, finding.kind, finding.subject)
    work.session.add(row)
    if before is not None and rules.stays_silent(work.now, before.silenced_until, Severity(before.severity), finding.severity):
        row.state, row.silenced_until = AlertState.SILENCED, before.silenced_until
        row.silenced_by, row.silence_reason = before.silenced_by, before.silence_reason
    else:
        notify(work, row)


def _confirm(work: UnitOfWork, row: AlertRow, finding: Finding) -> None:
    reworded = (row.message, row.recommendation) != (finding.message, finding.recommendation)
    move = rules.found(work.now, _standing(row), finding.severity, reworded)
    if rules.rises(Severity(row.severity), finding.severity):
        row.acknowledged_at = row.acknowledged_by = row.acknowledgement = row.silenced_until = row.silenced_by = row.silence_reason = None
    _say(row, finding)
    row.last_seen, row.count = work.now, row.count + 1
    _move(work, row, move)


def _move(work: UnitOfWork, row: AlertRow, move: Move) -> None:
    row.state, row.clean_checks = move.state, move.clean_checks
    if move.state is AlertState.RESOLVED:
        row.resolved_at = work.now
    if move.notify:
        notify(work, row)


def _say(row: AlertRow, finding: Finding) -> None:
    row.severity, row.message, row.recommendation = finding.severity, finding.message, finding.recommendation


def _standing(row: AlertRow) -> AlertStanding:
    return AlertStanding(AlertState(row.state), Severity(row.severity), row.told_at, row.acknowledged_at is not None, row.silenced_until, row.clean_checks)


def notify(work: UnitOfWork, row: AlertRow) -> Alert:
    """Send the alert's current state to its watchers."""
    row.told_at = work.now
    alert = alert_of(row)
    work.live(ALERT_CHANGED, f"{row.kind} {row.subject}", alert)
    return alert


def alert_of(row: AlertRow) -> Alert:
    """The alert of a row."""
    values = {name: getattr(row, name) for name in Alert.__struct_fields__}
    return Alert(**values | {"severity": Severity(row.severity), "state": AlertState(row.state)})
