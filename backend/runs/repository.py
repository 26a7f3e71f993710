"""Runs and workers: all SQL."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.runs.tables import RunRow, WorkerRow
from schemas.runs import RunStatus


async def get(session: AsyncSession, tenant_id: UUID, run_id: UUID) -> RunRow | None:
    """One run."""
    return (await session.execute(select(RunRow).where(RunRow.tenant_id == tenant_id, RunRow.id == run_id))).scalar_one_or_none()


async def newest(session: AsyncSession, tenant_id: UUID, kind: str | None, status: str | None, limit: int) -> Sequence[RunRow]:
    """Runs, newest first."""
    query = select(RunRow).where(RunRow.tenant_id == tenant_id).order_by(RunRow.created_at.desc()).limit(limit)
    if kind:
        query = query.where(RunRow.kind == kind)
    if status:
        query = query.where(RunRow.status == status)
    return (await session.execute(query)).scalars().all()


async def find(session: AsyncSession, run_id: UUID) -> Row[Any] | None:
    """Whose run is this, and of what kind? Answers before a tenant is known."""
    return (await session.execute(text("SELECT * FROM find_run(:id)"), {"id": run_id})).first()


async def lost(session: AsyncSession, now: datetime, silence: timedelta) -> Sequence[Row[Any]]:
    """Runs of all tenants that should be running and show no sign of it."""
    return (await session.execute(text("SELECT * FROM lost_runs(:now, :silence)"), {"now": now, "silence": silence})).all()


async def claim(session: AsyncSession, tenant_id: UUID, run_id: UUID, worker_id: str, now: datetime, silence: timedelta) -> RunRow | None:
    """Take a run that is due and that nobody alive is running. None when there is nothing to take."""
    idle = (RunRow.status == RunStatus.QUEUED) & (RunRow.due_at <= now)
    dead = (RunRow.status == RunStatus.RUNNING) & (RunRow.heartbeat_at < now - silence)
    query = (
        update(RunRow)
        .where(RunRow.tenant_id == tenant_id, RunRow.id == run_id, idle | dead)
        .values(status=RunStatus.RUNNING, attempts=RunRow.attempts + 1, worker_id=worker_id, started_at=now, heartbeat_at=now, error=None)
        .returning(RunRow)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def report(session: AsyncSession, tenant_id: UUID, run_id: UUID, worker_id: str, **values: Any) -> RunRow | None:
    """Write what the worker that holds the run says of it; the run as it is then. None when the run is no longer its own."""
    query = update(RunRow).where(RunRow.tenant_id == tenant_id, RunRow.id == run_id, RunRow.worker_id == worker_id, RunRow.status == RunStatus.RUNNING)
    return (await session.execute(query.values(**values).returning(RunRow))).scalar_one_or_none()


async def beat(session: AsyncSession, worker_id: str, host: str, pid: int, now: datetime) -> None:
    """Note that a worker lives; forget those silent for a day."""
    row = insert(WorkerRow).values(worker_id=worker_id, host=host, pid=pid, started_at=now, seen_at=now)
    await session.execute(row.on_conflict_do_update(index_elements=["worker_id"], set_={"seen_at": now}))
    await session.execute(delete(WorkerRow).where(WorkerRow.seen_at < now - timedelta(days=1)))


async def forget(session: AsyncSession, worker_id: str) -> None:
    """A worker that ended properly."""
    await session.execute(delete(WorkerRow).where(WorkerRow.worker_id == worker_id))


async def workers(session: AsyncSession) -> Sequence[WorkerRow]:
    """Workers, the last heard of first."""
    return (await session.execute(select(WorkerRow).order_by(WorkerRow.seen_at.desc()).limit(50))).scalars().all()


GAVE_UP = """
SELECT CAST(last.group_id AS uuid) AS group_id, last.kind FROM (
  SELECT DISTINCT ON (args->>'group_id') args->>'group_id' AS group_id, kind, status FROM runs
  WHERE tenant_id = :tenant AND kind = ANY(:kinds) AND args->>'group_id' = ANY(:groups) ORDER BY args->>'group_id', created_at DESC) AS last
WHERE last.status = 'failed'
"""


async def gave_up(session: AsyncSession, tenant_id: UUID, group_ids: Sequence[UUID], kinds: Sequence[str]) -> Sequence[Row[Any]]:
    """The groups whose last run of these kinds gave up: `(group_id, kind)`."""
    return (await session.execute(text(GAVE_UP), {"tenant": tenant_id, "groups": [str(one) for one in group_ids], "kinds": list(kinds)})).all()
