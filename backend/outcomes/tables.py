"""The ledger of outcomes as rows. The logs have their own tables, one per group; inference_log/columns.py lists their columns."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class OutcomeRow(TenantOwned, Base):
    """A reported outcome; only `applied_at` changes, when it reaches an inference."""

    __tablename__ = "outcomes"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    inference_id: Mapped[UUID | None]
    correlation_id: Mapped[str | None]
    actual: Mapped[float]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    received_by: Mapped[str]
    applied_at: Mapped[datetime | None]
