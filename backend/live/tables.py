"""Live events as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base


class LiveEventRow(Base):
    """A change. `payload` is the new state, when readers need it without another query."""

    __tablename__ = "live_events"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    payload: Mapped[dict[str, Any] | None]
    at: Mapped[datetime]


class LiveCounterRow(Base):
    """The number of each tenant's last event. Locked from an event's writing to its commit, so that numbers become visible in order."""

    __tablename__ = "live_counters"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int]
