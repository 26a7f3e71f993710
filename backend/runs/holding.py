"""A worker's actions on a run: claim it, report progress, end it, hand it back."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.db.locks import try_lock
from backend.runs import repository
from backend.runs.claims import RUN_LEASE, Claim, lock_name
from backend.runs.rules import worker_died
from backend.runs.service import tell
from backend.runs.tables import RunRow
from backend.work.unit import UnitOfWork
from schemas.common import Json
from schemas.runs import Run, RunStatus

ASK_AGAIN = timedelta(seconds=20)
"""A due run that nobody claimed is sent to the queue again this often."""


async def find(work: UnitOfWork, run_id: UUID) -> tuple[UUID, str] | None:
    """Return the tenant and kind of a run, for a worker that knows only its id."""
    row = await repository.find(work.session, run_id)
    return (row.tenant_id, row.kind) if row else None


async def claim(work: UnitOfWork, run_id: UUID, worker_id: str, attempts: int = 3) -> tuple[Claim, Run, dict[str, Json]] | None:
    """Claim the run for this worker and return its arguments; None when it is done, not due, or held by a living worker.

    The claim counts the attempt. A run lost in its last attempt fails here, and a run with a cancel request is cancelled.
    """
    if not await try_lock(work.session, lock_name(run_id)):
        return None
    row = await repository.takeable(work.session, work.tenant_id, run_id, RUN_LEASE)
    if row is None:
        return None
    if row.status == RunStatus.RUNNING:
        row.status, row.deaths = RunStatus.LOST, row.deaths + 1
    if row.cancel_requested_at is not None:
        _end(work, row, RunStatus.CANCELLED, row.cancel_reason)
        return None
    if row.attempts >= attempts:
        _end(work, row, RunStatus.FAILED, worker_died(row.deaths))
        return None
    await work.session.flush()
    row = await repository.take(work.session, row, worker_id)
    return Claim(row.tenant_id, row.id, row.epoch, worker_id), tell(work, row), row.args


async def progress(work: UnitOfWork, claim: Claim, percent: float, stage: str) -> bool:
    """Store the run's progress. False when the claim is lost."""
    return await _report(work, claim, percent=percent, stage=stage)


async def succeed(work: UnitOfWork, claim: Claim, result: Json) -> bool:
    """Mark the run as done. False when the claim is lost."""
    return await _report(work, claim, status=RunStatus.SUCCEEDED, result=result, percent=100.0, finished_at=work.now)


async def fail(work: UnitOfWork, claim: Claim, kind: str, error: str, delay: timedelta | None) -> bool:
    """Record a failed attempt: try again after the delay, or (None) give up. False when the claim is lost."""
    if delay is None:
        return await _report(work, claim, status=RunStatus.FAILED, error=error, finished_at=work.now)
    held = await _report(work, claim, status=RunStatus.QUEUED, error=error, due_at=work.now + delay, asked_at=work.now)
    if held:
        work.start_run(claim.run_id, kind, delay or None)
    return held


async def stop(work: UnitOfWork, claim: Claim) -> bool:
    """Record that a person cancelled the run and its handler has stopped. False when the claim is lost."""
    return await _report(work, claim, status=RunStatus.CANCELLED, error=RunRow.cancel_reason, finished_at=work.now)


async def hand_back(work: UnitOfWork, claim: Claim, kind: str) -> bool:
    """Hand the run back when the worker ends: another begins it anew, and this attempt does not count. False when the claim is lost."""
    held = await _report(work, claim, status=RunStatus.QUEUED, attempts=RunRow.attempts - 1, due_at=work.now, asked_at=work.now)
    if held:
        work.start_run(claim.run_id, kind)
    return held


async def standing(work: UnitOfWork, claims: Sequence[Claim], renew: bool) -> dict[UUID, bool]:
    """Return which of a worker's claims still stand, and whether a person wants each run cancelled. With `renew` their leases begin anew."""
    ids, epochs = [claim.run_id for claim in claims], [claim.epoch for claim in claims]
    if renew:
        await repository.renew(work.session, ids, epochs)
    return await repository.held(work.session, ids, epochs)


async def overdue(work: UnitOfWork) -> list[tuple[UUID, UUID, str, bool]]:
    """Return run, tenant, kind and silence of every due run without a living worker. Each is returned again after `ASK_AGAIN`."""
    rows = await repository.overdue(work.session, RUN_LEASE, ASK_AGAIN)
    return [(row.run_id, row.tenant_id, row.kind, row.silent) for row in rows]


async def lose(work: UnitOfWork, run_id: UUID) -> None:
    """Show a run as lost, because its worker is gone."""
    if row := await repository.lose(work.session, work.tenant_id, run_id, RUN_LEASE):
        tell(work, row)


async def _report(work: UnitOfWork, claim: Claim, **values: Any) -> bool:
    row = await repository.report(work.session, claim.tenant_id, claim.run_id, claim.epoch, **values)
    if row:
        tell(work, row)
    return row is not None


def _end(work: UnitOfWork, row: RunRow, status: RunStatus, error: str | None) -> None:
    row.status, row.error, row.finished_at = status, error, work.now
    tell(work, row)
