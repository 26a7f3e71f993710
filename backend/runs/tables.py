"""Runs, workers and ticks as rows."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from backend.db.base import Base, TenantOwned


class RunRow(TenantOwned, Base):
    """One background execution. This row is authoritative; the queue only carries its id."""

    __tablename__ = "runs"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    args: Mapped[dict[str, Any]]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    """Claims that counted. A claim that its worker handed back does not count."""
    epoch: Mapped[int] = mapped_column(default=0)
    """The number of the newest claim."""
    deaths: Mapped[int] = mapped_column(default=0)
    """Attempts that ended with their worker's death."""
    percent: Mapped[float | None]
    stage: Mapped[str | None]
    error: Mapped[str | None]
    result: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    """The last time the queue asked a worker to execute it."""
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    cancel_requested_at: Mapped[datetime | None]
    cancel_reason: Mapped[str | None]
    worker_id: Mapped[str | None]


class WorkerRow(Base):
    """A worker process by its last heartbeat."""

    __tablename__ = "workers"

    worker_id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]


class TickRow(Base):
    """One tick of a schedule, and its worker. The unique key makes it run once."""

    __tablename__ = "schedule_ticks"

    schedule: Mapped[str] = mapped_column(primary_key=True)
    scope: Mapped[str] = mapped_column(primary_key=True)
    """`hub`, or a tenant's id."""
    tick: Mapped[datetime] = mapped_column(primary_key=True)
    worker_id: Mapped[str]
    started_at: Mapped[datetime]
