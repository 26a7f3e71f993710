"""Forgetting an entity: all SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.inference_log.columns import PERSONAL

ERASE = """
WITH theirs AS (SELECT inference_id, correlation_id FROM {table} WHERE entity_key = :key FOR UPDATE)
UPDATE {table} AS l SET {blanks}, explained_at = coalesce(l.explained_at, :now), erased_at = :now
FROM theirs t WHERE l.inference_id = t.inference_id RETURNING t.inference_id, t.correlation_id
"""

# An outcome that was told by correlation id is from now on told by inference id, unless others were asked with the same correlation id.
UNNAME = """
UPDATE outcomes AS o SET inference_id = u.inference_id, correlation_id = NULL
FROM unnest(CAST(:correlations AS text[]), CAST(:ids AS uuid[])) AS u(correlation_id, inference_id)
WHERE o.tenant_id = :tenant AND o.group_id = :group AND o.correlation_id = u.correlation_id
"""
UNSHARED = "AND NOT EXISTS (SELECT FROM {table} l WHERE l.correlation_id = u.correlation_id)"


async def erase(session: AsyncSession, table: str, entity_key: str, now: datetime) -> Sequence[Row[Any]]:
    """Blank what is personal in an entity's rows; gives each row's id and the correlation id it had."""
    blanks = ", ".join(f"{name} = {'NULL' if blank is None else repr(blank)}" for name, blank in PERSONAL.items())
    return (await session.execute(text(ERASE.format(table=quoted(table), blanks=blanks)), {"key": entity_key, "now": now})).all()


async def unname(session: AsyncSession, tenant_id: UUID, group_id: UUID, table: str | None, told_by: Mapping[str, UUID]) -> int:
    """Have the ledger name inferences instead of these correlation ids; how many outcomes. `table` is the log's, where it is there still."""
    values = {"tenant": tenant_id, "group": group_id, "correlations": list(told_by), "ids": list(told_by.values())}
    statement = UNNAME + UNSHARED.format(table=quoted(table)) if table else UNNAME
    result: Any = await session.execute(text(statement), values)
    return int(result.rowcount)
