"""Decisions as rows: the ledger of final decisions, and what each group says of its decisions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class FinalDecisionRow(TenantOwned, Base):
    """A reported final decision; only `applied_at` changes, when it reaches an inference."""

    __tablename__ = "final_decisions"

    id: Mapped[int] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    inference_id: Mapped[UUID | None]
    correlation_id: Mapped[str | None]
    decision: Mapped[str]
    by: Mapped[str]
    kind: Mapped[str]
    person_group: Mapped[str | None]
    reason: Mapped[str | None]
    at: Mapped[datetime]
    received_at: Mapped[datetime]
    received_by: Mapped[str]
    applied_at: Mapped[datetime | None]


class GroupDecisionsRow(TenantOwned, Base):
    """A group's settings of decisions, and its value table."""

    __tablename__ = "group_decisions"

    group_id: Mapped[UUID] = mapped_column(primary_key=True)
    settings: Mapped[dict[str, Any]] = mapped_column(default=dict)
    value_table: Mapped[dict[str, Any] | None]
    trials: Mapped[list[Any]] = mapped_column(default=list)


class ExplorationRow(TenantOwned, Base):
    """An exploration. Answering processes count `spent` up before they approve by lot."""

    __tablename__ = "explorations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    group_id: Mapped[UUID]
    terms: Mapped[dict[str, Any]]
    allowed: Mapped[int]
    spent: Mapped[int] = mapped_column(default=0)
    reason: Mapped[str]
    requested_at: Mapped[datetime]
    requested_by: Mapped[str]
    requested_by_id: Mapped[UUID | None]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    self_approved: Mapped[bool] = mapped_column(default=False)
    stopped_at: Mapped[datetime | None]
    stopped_by: Mapped[str | None]
