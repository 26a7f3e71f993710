"""Pure rules of runs: a run's state and error from its row."""

from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from schemas.runs import Run, RunStatus


class RunFacts(Protocol):
    """A run's row."""

    id: Any
    kind: Any
    subject: Any
    status: Any
    attempts: Any
    percent: Any
    stage: Any
    error: Any
    result: Any
    created_at: Any
    started_at: Any
    finished_at: Any
    heartbeat_at: Any
    cancel_requested_at: Any


def shown(row: RunFacts, now: datetime, lease: timedelta) -> Run:
    """Return the run as people see it. A run that nobody renewed for a lease is lost, even if no worker has noticed."""
    identifier: UUID = row.id
    return Run(
        id=identifier,
        kind=row.kind,
        subject=row.subject,
        status=status_of(row.status, row.heartbeat_at, now, lease),
        attempts=row.attempts,
        percent=row.percent,
        stage=row.stage,
        error=row.error,
        result=row.result,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        cancel_requested_at=row.cancel_requested_at,
    )


def status_of(status: str, heartbeat_at: datetime | None, now: datetime, lease: timedelta) -> RunStatus:
    """Return a run's state at a moment."""
    silent = status == RunStatus.RUNNING and heartbeat_at is not None and heartbeat_at < now - lease
    return RunStatus.LOST if silent else RunStatus(status)


def worker_died(deaths: int) -> str:
    """Return the error of a run that killed its workers."""
    times = {1: "once", 2: "twice"}.get(deaths, f"{deaths} times")
    return (
        f"The worker died while running it, {times}. The worker's log and the kernel's tell why; running out of memory is the usual reason. "
        "A handler that blocks its worker's event loop for longer than ten seconds looks the same."
    )
