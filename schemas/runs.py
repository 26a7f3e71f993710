"""Background executions: the workers' runs, as rows."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from schemas.common import Json, PageSize, Shape


class RunStatus(StrEnum):
    """The life of a run."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"
    """Its worker is gone; another one will begin it anew, or give it up."""


class Run(Shape, frozen=True, kw_only=True):
    """One background execution. `percent` and `stage` are its progress."""

    id: UUID
    kind: str
    subject: str
    status: RunStatus
    attempts: int
    percent: float | None
    stage: str | None
    error: str | None
    result: Json
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    cancel_requested_at: datetime | None = None
    """When a person asked to cancel it; its worker stops it within moments."""


class ListRuns(Shape, frozen=True, kw_only=True):
    """The newest runs first."""

    kind: str | None = None
    status: RunStatus | None = None
    limit: PageSize = 50


class RunRef(Shape, frozen=True, kw_only=True):
    """A run, by id."""

    run_id: UUID


class CancelRun(Shape, frozen=True, kw_only=True):
    """A run to cancel, and why."""

    run_id: UUID
    reason: Annotated[str, Meta(max_length=500)] | None = None


class WorkerHealth(Shape, frozen=True, kw_only=True):
    """A worker process by its heartbeat. `host` and `pid` are for holders of `system:host:read`; for others `worker_id` is a number."""

    worker_id: str
    host: str | None
    pid: int | None
    seen_at: datetime
    alive: bool


class SystemHealth(Shape, frozen=True, kw_only=True):
    """The health of the hub's services."""

    database: bool
    redis: bool
    workers: list[WorkerHealth]
    log_guarantee: str
    intake_backlog: int
    dead_letters: int
    version: str


class WatchRuns(Shape, frozen=True, kw_only=True):
    """One run, or (absent) all of the tenant."""

    run_id: UUID | None = None
