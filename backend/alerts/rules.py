"""Transitions of an alert's state. Pure; times in UTC."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.alerts import AlertState, Severity

CLEAN_CHECKS = 2
"""An alert resolves after this many clean checks in a row."""
REPEAT_AFTER = timedelta(hours=24)
"""The shortest time between two notifications that only change the text."""
LONGEST_SILENCE = timedelta(days=90)
RETENTION_DAYS = 365
"""Default retention of a resolved alert, in days."""
ORDER = (Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM, Severity.LOW)
ACTIVE = (AlertState.OPEN, AlertState.ACKNOWLEDGED, AlertState.SILENCED)


@dataclass(frozen=True)
class AlertStanding:
    """The facts that decide an alert's next state."""

    state: AlertState
    severity: Severity
    told_at: datetime
    acknowledged: bool = False
    silenced_until: datetime | None = None
    clean_checks: int = 0


@dataclass(frozen=True)
class Move:
    """The next state, the clean checks counted so far, and whether to notify."""

    state: AlertState
    clean_checks: int
    notify: bool


def rises(before: Severity, after: Severity) -> bool:
    """Return whether the new severity is higher.

    >>> rises(Severity.MEDIUM, Severity.CRITICAL), rises(Severity.CRITICAL, Severity.HIGH), rises(Severity.LOW, Severity.LOW)
    (True, False, False)
    """
    return ORDER.index(after) < ORDER.index(before)


def found(now: datetime, standing: AlertStanding, severity: Severity, reworded: bool) -> Move:
    """Handle a finding that is still there. A higher severity opens the alert and notifies at once, also while silenced. New text notifies at most once in
    24 hours.
    """
    if rises(standing.severity, severity):
        return Move(AlertState.OPEN, 0, True)
    state = rested(now, standing)
    told_again = reworded and now - standing.told_at >= REPEAT_AFTER and state is not AlertState.SILENCED
    return Move(state, 0, state is not standing.state or told_again)


def clean(now: datetime, standing: AlertStanding) -> Move:
    """Handle a check without the finding. The second such check in a row resolves the alert."""
    checks = standing.clean_checks + 1
    if checks >= CLEAN_CHECKS:
        return Move(AlertState.RESOLVED, checks, True)
    state = rested(now, standing)
    return Move(state, checks, state is not standing.state)


def rested(now: datetime, standing: AlertStanding) -> AlertState:
    """Return the state, after ending a silence that has run out."""
    over = standing.silenced_until is None or standing.silenced_until <= now
    return unsilenced(standing.acknowledged) if standing.state is AlertState.SILENCED and over else standing.state


def stays_silent(now: datetime, silenced_until: datetime | None, before: Severity, after: Severity) -> bool:
    """Return whether an earlier alert's silence holds for a new alert of the same kind and subject."""
    return silenced_until is not None and silenced_until > now and not rises(before, after)


def unsilenced(acknowledged: bool) -> AlertState:
    """Return the state after a silence."""
    return AlertState.ACKNOWLEDGED if acknowledged else AlertState.OPEN
