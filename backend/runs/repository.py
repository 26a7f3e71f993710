"""Runs and workers: all SQL."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, delete, func, literal, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import BRIEF_SILENCE, end_in_silence
from backend.runs.tables import RunRow, WorkerRow
from schemas.runs import RunStatus

FORGET_AFTER = timedelta(days=1)
NOW = select(func.hub_now()).scalar_subquery()
"""The hub's time, read once per statement."""


def _status(lease: timedelta) -> ColumnElement[str]:
    """Return a run's visible state. A run that nobody renewed for a lease is lost, even if no worker has noticed."""
    silent = (RunRow.status == RunStatus.RUNNING) & (RunRow.heartbeat_at < NOW - lease)
    return case((silent, literal(RunStatus.LOST.value)), else_=RunRow.status)


async def get(session: AsyncSession, tenant_id: UUID, run_id: UUID, lock: bool = False) -> RunRow | None:
    """Return one run. With `lock`, it does not change until the transaction ends."""
    query = select(RunRow).where(RunRow.tenant_id == tenant_id, RunRow.id == run_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def newest(session: AsyncSession, tenant_id: UUID, kind: str | None, status: str | None, limit: int, lease: timedelta) -> Sequence[RunRow]:
    """Return runs, newest first."""
    query = select(RunRow).where(RunRow.tenant_id == tenant_id).order_by(RunRow.created_at.desc()).limit(limit)
    if kind:
        query = query.where(RunRow.kind == kind)
    if status:
        query = query.where(_status(lease) == status)
    return (await session.execute(query)).scalars().all()


async def find(session: AsyncSession, run_id: UUID) -> Row[Any] | None:
    """Return a run's tenant and kind; works before a tenant is known."""
    return (await session.execute(text("SELECT * FROM find_run(:id)"), {"id": run_id})).first()


async def overdue(session: AsyncSession, lease: timedelta, patience: timedelta) -> Sequence[Row[Any]]:
    """Return due runs of all tenants without a worker, each once within `patience`. `silent`: shown as running until now.

    The rows are locked, and other workers' sweeps wait for them. So PostgreSQL ends the transaction when it is idle for 3 s.
    """
    await end_in_silence(session, BRIEF_SILENCE)
    return (await session.execute(text("SELECT * FROM overdue_runs(:lease, :patience)"), {"lease": lease, "patience": patience})).all()


async def takeable(session: AsyncSession, tenant_id: UUID, run_id: UUID, lease: timedelta) -> RunRow | None:
    """Return a due run without a living worker, locked; None without one."""
    idle = RunRow.status.in_((RunStatus.QUEUED, RunStatus.LOST)) & (RunRow.due_at <= NOW)
    dead = (RunRow.status == RunStatus.RUNNING) & (RunRow.heartbeat_at < NOW - lease)
    query = select(RunRow).where(RunRow.tenant_id == tenant_id, RunRow.id == run_id, idle | dead).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def take(session: AsyncSession, row: RunRow, worker_id: str) -> RunRow:
    """Claim a locked run; its next epoch begins."""
    values = {"status": RunStatus.RUNNING, "attempts": RunRow.attempts + 1, "epoch": RunRow.epoch + 1, "worker_id": worker_id, "error": None}
    query = update(RunRow).where(RunRow.tenant_id == row.tenant_id, RunRow.id == row.id)
    return (await session.execute(query.values(**values, started_at=NOW, heartbeat_at=NOW).returning(RunRow))).scalar_one()


async def lose(session: AsyncSession, tenant_id: UUID, run_id: UUID, lease: timedelta) -> RunRow | None:
    """Record that a run's worker is gone; None when it was renewed again, or recorded already."""
    silent = (RunRow.status == RunStatus.RUNNING) & (RunRow.heartbeat_at < NOW - lease)
    query = update(RunRow).where(RunRow.tenant_id == tenant_id, RunRow.id == run_id, silent)
    return (await session.execute(query.values(status=RunStatus.LOST, deaths=RunRow.deaths + 1).returning(RunRow))).scalar_one_or_none()


async def report(session: AsyncSession, tenant_id: UUID, run_id: UUID, epoch: int, **values: Any) -> RunRow | None:
    """Write the holder's report of its run and return the run; None when the holder has lost the claim."""
    query = update(RunRow).where(RunRow.tenant_id == tenant_id, RunRow.id == run_id, RunRow.epoch == epoch, RunRow.status == RunStatus.RUNNING)
    return (await session.execute(query.values(**values).returning(RunRow))).scalar_one_or_none()


async def held(session: AsyncSession, ids: Sequence[UUID], epochs: Sequence[int]) -> dict[UUID, bool]:
    """Return which of these claims still stand, and whether a person asked to cancel each run. All tenants."""
    rows = await session.execute(text("SELECT * FROM held_runs(:ids, :epochs)"), {"ids": list(ids), "epochs": list(epochs)})
    return {row.run_id: row.cancelled for row in rows}


async def renew(session: AsyncSession, ids: Sequence[UUID], epochs: Sequence[int]) -> None:
    """Renew the leases of these claims, if they still stand. All tenants. Other workers' sweeps wait for these rows, so the transaction must end without
    notifications.
    """
    await end_in_silence(session, BRIEF_SILENCE)
    await session.execute(text("SELECT renew_runs(:ids, :epochs)"), {"ids": list(ids), "epochs": list(epochs)})


async def beat(session: AsyncSession, worker_id: str, host: str, pid: int) -> None:
    """Record that a worker lives; remove workers silent for a day."""
    row = insert(WorkerRow).values(worker_id=worker_id, host=host, pid=pid, started_at=NOW, seen_at=NOW)
    await session.execute(row.on_conflict_do_update(index_elements=["worker_id"], set_={"seen_at": NOW}))
    await session.execute(delete(WorkerRow).where(WorkerRow.seen_at < NOW - FORGET_AFTER))


async def forget(session: AsyncSession, worker_id: str) -> None:
    """Remove a worker that ended properly."""
    await session.execute(delete(WorkerRow).where(WorkerRow.worker_id == worker_id))


async def workers(session: AsyncSession) -> Sequence[WorkerRow]:
    """Return workers, the last heard of first."""
    return (await session.execute(select(WorkerRow).order_by(WorkerRow.seen_at.desc()).limit(50))).scalars().all()


UNDONE = """
SELECT CAST(last.group_id AS uuid) AS group_id, last.kind FROM (
  SELECT DISTINCT ON (args->>'group_id') args->>'group_id' AS group_id, kind, status FROM runs
  WHERE tenant_id = :tenant AND kind = ANY(:kinds) AND args->>'group_id' = ANY(:groups) ORDER BY args->>'group_id', created_at DESC) AS last
WHERE last.status IN ('failed', 'cancelled')
"""


async def states(session: AsyncSession, lease: timedelta) -> Sequence[Row[Any]]:
    """Runs of all tenants by state: those that are open now, and those that ended in the last hour (`ended`)."""
    return (await session.execute(text("SELECT * FROM run_states(:lease)"), {"lease": lease})).all()


async def undone(session: AsyncSession, tenant_id: UUID, group_ids: Sequence[UUID], kinds: Sequence[str]) -> Sequence[Row[Any]]:
    """Return the groups whose last run of these kinds failed or was cancelled: `(group_id, kind)`."""
    return (await session.execute(text(UNDONE), {"tenant": tenant_id, "groups": [str(one) for one in group_ids], "kinds": list(kinds)})).all()
