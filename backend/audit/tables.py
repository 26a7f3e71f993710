"""The audit log's table. The app may insert and read; nobody can update."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class AuditRow(TenantOwned, Base):
    """One entry; the sequence has no gaps within a tenant."""

    __tablename__ = "audit_entries"

    tenant_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    actor_id: Mapped[UUID | None]
    action: Mapped[str]
    subject: Mapped[str]
    before: Mapped[dict[str, Any] | None]
    after: Mapped[dict[str, Any] | None]
    prev_hash: Mapped[str]
    hash: Mapped[str]
    canonical: Mapped[bytes | None]
    """The bytes that were hashed."""
