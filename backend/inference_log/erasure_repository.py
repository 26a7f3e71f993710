"""Forgetting an entity: all SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.identifiers import quoted
from backend.inference_log.columns import PERSONAL

ERASE = """
WITH theirs AS (SELECT inference_id, correlation_id FROM {table} WHERE entity_key = :key FOR UPDATE)
UPDATE {table} AS l SET {blanks}, explained_at = coalesce(l.explained_at, :now), erased_at = :now
FROM theirs t WHERE l.inference_id = t.inference_id RETURNING t.inference_id, t.correlation_id
"""


async def erase(session: AsyncSession, table: str, entity_key: str, now: datetime) -> Sequence[Row[Any]]:
    """Blank what is personal in an entity's rows; gives each row's id and the correlation id it had."""
    blanks = ", ".join(f"{name} = {'NULL' if blank is None else repr(blank)}" for name, blank in PERSONAL.items())
    return (await session.execute(text(ERASE.format(table=quoted(table), blanks=blanks)), {"key": entity_key, "now": now})).all()
