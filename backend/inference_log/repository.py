"""All SQL of logs as tables. queries.py has the SQL that reads rows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.inference_log.columns import PERSONAL


async def add_partitions(session: AsyncSession, group_id: UUID, first: datetime, until: datetime) -> None:
    """Create the missing partitions of a time span."""
    await session.execute(text("SELECT add_log_partitions(:group, :first, :until)"), {"group": group_id, "first": first, "until": until})


async def partitions(session: AsyncSession, group_id: UUID) -> Sequence[Row[Any]]:
    """Return a log's weeks, oldest first: `name`, `first`, `until`."""
    return (await session.execute(text("SELECT * FROM list_log_partitions(:group)"), {"group": group_id})).all()


async def drop_partition(session: AsyncSession, group_id: UUID, name: str) -> None:
    """Drop a week past the group's retention; the database checks this."""
    await session.execute(text("SELECT drop_log_partition(:group, :name)"), {"group": group_id, "name": name})


async def drop_log(session: AsyncSession, group_id: UUID) -> bool:
    """Drop a deleted group's log. False when it is already gone."""
    return bool((await session.execute(text("SELECT drop_log(:group)"), {"group": group_id})).scalar_one())


async def logs(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return every group with a log, deleted ones included, of every tenant."""
    return (await session.execute(text("SELECT * FROM list_logs()"))).all()


async def log_of(session: AsyncSession, group_id: UUID) -> Row[Any] | None:
    """Return one group's log."""
    return (await session.execute(text("SELECT * FROM list_logs() WHERE group_id = :group"), {"group": group_id})).one_or_none()


async def group_ids(session: AsyncSession, tenant_id: UUID) -> Sequence[UUID]:
    """Return the tenant's groups, deleted ones included."""
    return (await session.execute(text("SELECT id FROM published_groups WHERE tenant_id = :tenant"), {"tenant": tenant_id})).scalars().all()


ERASE = """
WITH theirs AS (SELECT inference_id, correlation_id FROM {table} WHERE entity_key = :key FOR UPDATE)
UPDATE {table} AS l SET {blanks}, explained_at = coalesce(l.explained_at, :now), erased_at = :now
FROM theirs t WHERE l.inference_id = t.inference_id RETURNING t.inference_id, t.correlation_id
"""


async def erase(session: AsyncSession, table: str, entity_key: str, now: datetime) -> Sequence[Row[Any]]:
    """Blank the personal data in an entity's rows. Return each row's id and former correlation id."""
    blanks = ", ".join(f"{name} = {'NULL' if blank is None else repr(blank)}" for name, blank in PERSONAL.items())
    return (await session.execute(text(ERASE.format(table=quoted(table), blanks=blanks)), {"key": entity_key, "now": now})).all()
