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


class PhaseRow(TenantOwned, Base):
    """A span of one split."""

    __tablename__ = "phases"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    opened_at: Mapped[datetime]
    opened_by: Mapped[str]
    reason: Mapped[str]


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
