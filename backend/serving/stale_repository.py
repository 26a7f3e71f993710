"""All SQL of stale answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

NOTE = """
INSERT INTO stale_answers (tenant_id, group_id, inference_id, served_at, age_seconds, caller, noted_at)
VALUES (:tenant_id, :group_id, :inference_id, :served_at, :age, :caller, :now)
"""


async def stale_policies(connection: AsyncConnection) -> dict[UUID, int]:
    """Return the groups that may repeat answers, with the longest age in seconds."""
    rows = (await connection.execute(text("SELECT group_id, max_seconds FROM stale_policies()"))).all()
    return {row.group_id: row.max_seconds for row in rows}


async def note_stale(session: AsyncSession, notes: Sequence[Mapping[str, Any]], now: datetime) -> None:
    """Record replayed answers with time, age and caller."""
    await session.execute(text(NOTE), [{**note, "now": now} for note in notes])


async def count_stale(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> int:
    """Return how many answers of a group were replays."""
    statement = text("SELECT count(*) FROM stale_answers WHERE tenant_id = :tenant AND group_id = :group")
    return int((await session.execute(statement, {"tenant": tenant_id, "group": group_id})).scalar_one())
