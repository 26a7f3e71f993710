"""Idempotency keys: all SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, text
from sqlalchemy.ext.asyncio import AsyncSession

FIND = """
SELECT k.asked, k.inference_ids, g.table_name FROM idempotency_keys k JOIN published_groups g ON g.id = k.group_id
WHERE k.group_id = :group AND k.key = :key AND k.at > :since
"""

# Ordered by key, so that two processes with the same keys cannot deadlock.
CLAIM = """
INSERT INTO idempotency_keys AS k (tenant_id, group_id, key, asked, inference_ids, at)
SELECT :tenant, :group, c.key, decode(c.asked, 'hex'), c.ids, :now
FROM jsonb_to_recordset(CAST(:claims AS jsonb)) AS c(key text, asked text, ids uuid[]) ORDER BY c.key
ON CONFLICT (group_id, key) DO UPDATE SET asked = excluded.asked, inference_ids = excluded.inference_ids, at = excluded.at WHERE k.at <= :since
RETURNING k.key
"""

ROWS = """
SELECT inference_id, model_version_id, version, role, phase, score, label, output, explanation, latency_us, stale, decision, decision_rule, lot, lot_propensity
FROM {table} WHERE inference_id = ANY(CAST(:ids AS uuid[]))
"""

PRUNE = "DELETE FROM idempotency_keys WHERE tenant_id = :tenant AND group_id = :group AND at <= :since"


async def find(session: AsyncSession, group_id: UUID, key: str, since: datetime) -> Row[Any] | None:
    """Return a key's first use, unless it was before `since`, and the name of the group's log table."""
    return (await session.execute(text(FIND), {"group": group_id, "key": key, "since": since})).one_or_none()


async def rows(session: AsyncSession, table: str, ids: Sequence[UUID]) -> Sequence[Row[Any]]:
    """Return the rows of an answer; `table` is quoted."""
    return (await session.execute(text(ROWS.format(table=table)), {"ids": ids})).all()


async def claim(
    session: AsyncSession, tenant_id: UUID, group_id: UUID, claims: Sequence[tuple[str, bytes, Sequence[UUID]]], now: datetime, since: datetime
) -> set[str]:
    """Claim keys, each with its request and inferences. Return the claimed ones. It waits for a transaction that claims the same key."""
    told = [{"key": key, "asked": asked.hex(), "ids": ids} for key, asked, ids in claims]
    values = {"tenant": tenant_id, "group": group_id, "claims": msgspec.json.encode(told).decode(), "now": now, "since": since}
    return set((await session.execute(text(CLAIM), values)).scalars())


async def prune(session: AsyncSession, tenant_id: UUID, group_id: UUID, since: datetime) -> None:
    """Remove expired keys."""
    await session.execute(text(PRUNE), {"tenant": tenant_id, "group": group_id, "since": since})
