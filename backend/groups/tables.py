"""Groups as rows. Phases and members are never changed: a new split is a new phase."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned

PUBLISHED = ("published_groups", "published_members")
"""Views for other slices: groups (deleted ones included), and the members of every phase."""


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
    answering: Mapped[dict[str, Any]] = mapped_column(default=dict)
    when_unlogged: Mapped[str] = mapped_column(default="refuse")
    stale_max_seconds: Mapped[int] = mapped_column(default=900)
    retention_days: Mapped[int | None]
    retention_policy: Mapped[str] = mapped_column(default="archive")
    legal_hold: Mapped[str | None]


class PhaseRow(TenantOwned, Base):
    """A span of one split, with its threshold and routing key."""

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


class HaltRow(TenantOwned, Base):
    """A halt of a group, or of a version everywhere. At most one of each is in force."""

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
