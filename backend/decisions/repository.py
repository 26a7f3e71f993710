"""Decisions: what groups say of them, and the rows that a rule is tried on. All SQL but the ledger's."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.decisions.tables import GroupDecisionsRow

# The latest rows of a version, of whatever role: shadows were asked as everybody else was.
SCORED = """
SELECT score, decision, {segment} AS segment FROM {table}
WHERE model_version_id = :version AND status IN ('ok', 'fallback') AND erased_at IS NULL AND imported_from IS NULL
ORDER BY inference_id DESC LIMIT :most
"""

# The latest rows of a version that came before an id, and with that are old enough.
MATURE = """
SELECT score, actual, bucket, inputs, lot_propensity, {segment} AS segment FROM {table}
WHERE model_version_id = :version AND status IN ('ok', 'fallback') AND role <> 'shadow' AND score IS NOT NULL AND score <> 'NaN' AND erased_at IS NULL
  AND imported_from IS NULL AND inference_id < :until
ORDER BY inference_id DESC LIMIT :most
"""

SERVED_IN = """
SELECT DISTINCT g.slug, g.table_name FROM published_members m JOIN published_groups g ON g.id = m.group_id
WHERE m.tenant_id = :tenant AND m.version_id = :version AND g.deleted_at IS NULL ORDER BY g.slug
"""


async def of_group(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> GroupDecisionsRow | None:
    """What a group says of its decisions."""
    row = await session.get(GroupDecisionsRow, group_id)
    return row if row is not None and row.tenant_id == tenant_id else None


async def keep(session: AsyncSession, tenant_id: UUID, group_id: UUID, values: dict[str, Any]) -> None:
    """Set some of what a group says."""
    row = {"tenant_id": tenant_id, "group_id": group_id, "settings": {}, "value_table": None, **values}
    await session.execute(insert(GroupDecisionsRow).values(row).on_conflict_do_update(index_elements=["group_id"], set_=values))


async def scored(session: AsyncSession, table: str, version_id: UUID, segment: str | None, most: int) -> Sequence[Row[Any]]:
    """The latest scored rows of a version: score, decision, and the value of an input."""
    column = "inputs -> CAST(:segment AS text)" if segment is not None else "NULL"
    statement = text(SCORED.format(table=quoted(table), segment=column))
    values = {"version": version_id, "most": most}
    return (await session.execute(statement, values | ({"segment": segment} if segment is not None else {}))).all()


async def mature(session: AsyncSession, table: str, version_id: UUID, until: UUID, segment: str | None, most: int) -> Sequence[Row[Any]]:
    """The latest scored answers of a version before an id: score, outcome, bucket, inputs, the lot's chance of approval, and the value of an input."""
    column = "inputs ->> CAST(:segment AS text)" if segment is not None else "NULL"
    statement = text(MATURE.format(table=quoted(table), segment=column))
    values = {"version": version_id, "until": until, "most": most}
    return (await session.execute(statement, values | ({"segment": segment} if segment is not None else {}))).all()


async def served_in(session: AsyncSession, tenant_id: UUID, version_id: UUID) -> Sequence[Row[Any]]:
    """The groups that a version is or was a member of: slug and log."""
    return (await session.execute(text(SERVED_IN), {"tenant": tenant_id, "version": version_id})).all()
