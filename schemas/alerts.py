"""Alerts on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec

from schemas.common import PageSize, Shape


class Severity(StrEnum):
    """How soon to act: critical, now; high, today; medium, this week; low, when there is time."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class AlertState(StrEnum):
    """`open`: nobody has acknowledged it. `acknowledged`: a person has. `silenced`: no notification until a time. `resolved`: two checks in a row were
    clean.
    """

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    SILENCED = "silenced"
    RESOLVED = "resolved"


Note = Annotated[str, msgspec.Meta(max_length=1000)]
Why = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Alert(Shape, frozen=True, kw_only=True):
    """An alert: the problem, since when, and what to do. `count` is the number of checks that found it.

    `acknowledged_*` and `silence*` describe the last acknowledgement and silence; `silenced_until` may be in the past.
    """

    id: UUID
    kind: str
    subject: str
    severity: Severity
    message: str
    recommendation: str
    state: AlertState
    first_seen: datetime
    last_seen: datetime
    count: int
    acknowledged_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledgement: str | None = None
    silenced_until: datetime | None = None
    silenced_by: str | None = None
    silence_reason: str | None = None
    resolved_at: datetime | None = None


class ListAlerts(Shape, frozen=True, kw_only=True):
    """Open alerts, the most severe and the newest first. `state` selects another state, null all. `subject` is a prefix (`group:credit`)."""

    state: AlertState | None = AlertState.OPEN
    severity: Severity | None = None
    kind: str | None = None
    subject: str | None = None
    limit: PageSize = 50


class AlertHistory(Shape, frozen=True, kw_only=True):
    """Alerts of every state, the newest first, page by page. Empty lists select all; `subject` is a prefix; `since` and `until` bound `first_seen`."""

    states: list[AlertState] = []
    severities: list[Severity] = []
    kind: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    cursor: UUID | None = None
    limit: PageSize = 50


class AlertRef(Shape, frozen=True, kw_only=True):
    """An alert, by id."""

    alert_id: UUID


class AcknowledgeAlert(Shape, frozen=True, kw_only=True):
    """Acknowledge an alert. A higher severity opens it again."""

    alert_id: UUID
    note: Note = ""


class SilenceAlert(Shape, frozen=True, kw_only=True):
    """Silence this kind and subject until a time, at most 90 days ahead, for a reason. A higher severity ends the silence."""

    alert_id: UUID
    until: datetime
    reason: Why


class AlertRetention(Shape, frozen=True, kw_only=True):
    """Days for which a resolved alert is kept; null means forever."""

    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None
