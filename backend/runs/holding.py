"""What a worker does with a run: claim it, say how far it is, end it, hand it back."""

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
"""A due run that nobody claimed is asked for again this often."""


async def find(work: UnitOfWork, run_id: UUID) -> tuple[UUID, str] | None:
    """Tenant and kind of a run, for a worker that knows only its id."""
    row = await repository.find(work.session, run_id)
    return (row.tenant_id, row.kind) if row else None


async def claim(work: UnitOfWork, run_id: UUID, worker_id: str, attempts: int = 3) -> tuple[Claim, Run, dict[str, Json]] | None:
    """Take the run for this worker, with its arguments; None when it is done, not due, or held by a living worker.

    The claim counts the attempt. A run that was lost in its last attempt fails here, and one that is to be cancelled is cancelled.
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
    """How far the run is. False when it was taken away."""
    return await _report(work, claim, percent=percent, stage=stage)


async def succeed(work: UnitOfWork, claim: Claim, result: Json) -> bool:
    """The run is done. False when it was taken away."""
    return await _report(work, claim, status=RunStatus.SUCCEEDED, result=result, percent=100.0, finished_at=work.now)


async def fail(work: UnitOfWork, claim: Claim, kind: str, error: str, delay: timedelta | None) -> bool:
    """The attempt failed: try again after the delay, or (None) give up. False when the run was taken away."""
    if delay is None:
        return await _report(work, claim, status=RunStatus.FAILED, error=error, finished_at=work.now)
    held = await _report(work, claim, status=RunStatus.QUEUED, error=error, due_at=work.now + delay, asked_at=work.now)
    if held:
        work.start_run(claim.run_id, kind, delay or None)
    return held


async def stop(work: UnitOfWork, claim: Claim) -> bool:
    """The run was cancelled by a person, and its handler has stopped. False when it was taken away."""
    return await _report(work, claim, status=RunStatus.CANCELLED, error=RunRow.cancel_reason, finished_at=work.now)


async def hand_back(work: UnitOfWork, claim: Claim, kind: str) -> bool:
    """The worker ends: another shall begin the run anew, and this attempt does not count. False when the run was taken away."""
    held = await _report(work, claim, status=RunStatus.QUEUED, attempts=RunRow.attempts - 1, due_at=work.now, asked_at=work.now)
    if held:
        work.start_run(claim.run_id, kind)
    return held


async def standing(work: UnitOfWork, claims: Sequence[Claim], renew: bool) -> dict[UUID, bool]:
    """Which of a worker's claims still stand, and whether a person wants the run cancelled; with `renew` their leases begin anew."""
    ids, epochs = [claim.run_id for claim in claims], [claim.epoch for claim in claims]
    if renew:
        await repository.renew(work.session, ids, epochs)
    return await repository.held(work.session, ids, epochs)


async def overdue(work: UnitOfWork) -> list[tuple[UUID, UUID, str, bool]]:
    """Run, tenant, kind and silence of every run that is due and that no living worker holds; each is given again after `ASK_AGAIN`."""
    rows = await repository.overdue(work.session, RUN_LEASE, ASK_AGAIN)
    return [(row.run_id, row.tenant_id, row.kind, row.silent) for row in rows]


async def lose(work: UnitOfWork, run_id: UUID) -> None:
    """Show a run whose worker is gone as lost."""
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
