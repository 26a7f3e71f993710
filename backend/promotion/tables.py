"""Promotions and ramps as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class PromotionRow(TenantOwned, Base):
    """A promotion with its evidence; never changed."""

    __tablename__ = "promotions"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    phase: Mapped[int]
    at: Mapped[datetime]
    by: Mapped[str]
    from_version: Mapped[UUID]
    to_version: Mapped[UUID]
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]]
    evidence_hash: Mapped[str]


class RampRow(TenantOwned, Base):
    """A ramp of a challenger's share. `plan` is its steps and guardrails; `phase` is the one that its current step opened."""

    __tablename__ = "ramps"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    version_id: Mapped[UUID]
    state: Mapped[str]
    plan: Mapped[dict[str, Any]]
    step: Mapped[int]
    phase: Mapped[int]
    step_at: Mapped[datetime]
    started_at: Mapped[datetime]
    started_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    words: Mapped[str]


class RampDecisionRow(TenantOwned, Base):
    """A decision of a ramp; never changed."""

    __tablename__ = "ramp_decisions"

    ramp_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
    step: Mapped[int]
    decision: Mapped[str]
    words: Mapped[str]
    figures: Mapped[dict[str, Any] | None]
