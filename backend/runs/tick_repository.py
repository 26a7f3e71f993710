"""Ticks of schedules: all SQL."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import BRIEF_SILENCE, end_in_silence

CLAIM = """
INSERT INTO schedule_ticks (schedule, scope, tick, worker_id, started_at)
SELECT :schedule, :scope, CAST(:tick AS timestamptz), :worker, clock.now FROM (SELECT hub_now() AS now) AS clock WHERE CAST(:tick AS timestamptz) <= clock.now
ON CONFLICT DO NOTHING RETURNING 1
"""
NEWEST = "SELECT max(tick) FROM schedule_ticks WHERE schedule = :schedule AND scope = :scope"
PRUNE = """
WITH gone AS (
  DELETE FROM schedule_ticks t WHERE tick < (SELECT hub_now()) - interval '6 hours'
    AND EXISTS (SELECT FROM schedule_ticks n WHERE n.schedule = t.schedule AND n.scope = t.scope AND n.tick > t.tick) RETURNING 1)
SELECT count(*) FROM gone
"""


async def claim(session: AsyncSession, schedule: str, scope: str, tick: datetime, worker_id: str) -> bool:
    """Insert the tick's row; False when it exists or is not due.

    Other workers wait for the end of this transaction, so PostgreSQL ends it when it is idle for too long.
    """
    await end_in_silence(session, BRIEF_SILENCE)
    values = {"schedule": schedule, "scope": scope, "tick": tick, "worker": worker_id}
    return (await session.execute(text(CLAIM), values)).first() is not None


async def newest(session: AsyncSession, schedule: str, scope: str) -> datetime | None:
    """Return the newest tick of a schedule."""
    return (await session.execute(text(NEWEST), {"schedule": schedule, "scope": scope})).scalar_one_or_none()


async def prune(session: AsyncSession) -> int:
    """Remove old ticks, but never a schedule's newest."""
    return int((await session.execute(text(PRUNE))).scalar_one())


async def zones(session: AsyncSession) -> dict[UUID | None, str | None]:
    """Return every tenant's time zone."""
    return {row.tenant_id: row.time_zone for row in await session.execute(text("SELECT * FROM tenant_zones()"))}
