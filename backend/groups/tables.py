"""Groups as rows. Phases and members are never changed: a new split is a new phase."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class GroupRow(TenantOwned, Base):
    """A group; `phase` is the number of the current one, `table_name` its log."""

    __tablename__ = "groups"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    name: Mapped[str]
    table_name: Mapped[str]
    salt: Mapped[str]
    threshold: Mapped[float]
    decision_metric: Mapped[str]
    phase: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    deleted_at: Mapped[datetime | None]
    on_control_loss: Mapped[str] = mapped_column(default="refuse")
    time_budget_ms: Mapped[int | None]
    routing_key: Mapped[str] = mapped_column(default="entity_key")
    require_verdict: Mapped[bool] = mapped_column(default=False)
    min_matured_share: Mapped[float] = mapped_column(default=0.0)
    maturity_hours: Mapped[float | None]
    when_unlogged: Mapped[str] = mapped_column(default="refuse")
    stale_max_seconds: Mapped[int] = mapped_column(default=900)
    retention_days: Mapped[int | None]
    retention_policy: Mapped[str] = mapped_column(default="archive")
    legal_hold: Mapped[str | None]


class PhaseRow(TenantOwned, Base):
    """A span of one split; it keeps the threshold and the routing key that went with it."""

    __tablename__ = "phases"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    reason: Mapped[str]
    threshold: Mapped[float]
    routing_key: Mapped[str]


class MemberRow(TenantOwned, Base):
    """A version's role, share and buckets in one phase."""

    __tablename__ = "members"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    phase: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[UUID] = mapped_column(primary_key=True)
    role: Mapped[str]
    share: Mapped[int]
    ranges: Mapped[list[Any]]


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


class HaltRow(TenantOwned, Base):
    """Answers stopped: of a group, or of a version everywhere. At most one of each is in force."""

    __tablename__ = "halts"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID | None]
    version_id: Mapped[UUID | None]
    reason: Mapped[str]
    halted_at: Mapped[datetime]
    halted_by: Mapped[str]
    requested_at: Mapped[datetime | None]
    requested_by: Mapped[str | None]
    requested_by_id: Mapped[UUID | None]
    resumed_at: Mapped[datetime | None]
    resumed_by: Mapped[str | None]
    resume_reason: Mapped[str | None]
    self_approved: Mapped[bool]


class RampRow(TenantOwned, Base):
    """A challenger's share raised by steps; `plan` is its steps and guardrails, `phase` the one that its step opened."""

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
