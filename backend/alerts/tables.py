"""Alerts as rows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class AlertRow(TenantOwned, Base):
    """One span of time in which a fact held. At most one row of a kind and subject is unresolved."""

    __tablename__ = "alerts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    severity: Mapped[str]
    message: Mapped[str]
    recommendation: Mapped[str]
    state: Mapped[str]
    first_seen: Mapped[datetime]
    last_seen: Mapped[datetime]
    count: Mapped[int]
    clean_checks: Mapped[int]
    told_at: Mapped[datetime]
    acknowledged_at: Mapped[datetime | None]
    acknowledged_by: Mapped[str | None]
    acknowledgement: Mapped[str | None]
    silenced_until: Mapped[datetime | None]
    silenced_by: Mapped[str | None]
    silence_reason: Mapped[str | None]
    resolved_at: Mapped[datetime | None]


class AlertSettingsRow(TenantOwned, Base):
    """A tenant's own settings; without a row the defaults hold."""

    __tablename__ = "alert_settings"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    retention_days: Mapped[int | None]
