"""Alerts on the wire."""

from datetime import datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from schemas.common import PageSize, Shape


class AlertState(StrEnum):
    """`resolved` once its fact is gone."""

    OPEN = "open"
    RESOLVED = "resolved"


class Alert(Shape, frozen=True, kw_only=True):
    """Something that needs somebody: what it is, since when, what to do. `count` is how many checks in a row have found it."""

    id: UUID
    kind: str
    subject: str
    severity: Literal["warning", "critical"]
    message: str
    recommendation: str
    state: AlertState
    first_seen: datetime
    last_seen: datetime
    count: int


class ListAlerts(Shape, frozen=True, kw_only=True):
    """Open alerts, the critical and the newest first; with `state` those in another, or with null in any."""

    state: AlertState | None = AlertState.OPEN
    limit: PageSize = 50
