"""Live events: all SQL."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend.live.rules import Pending, Span, Told
from backend.live.tables import LiveEventRow

# Numbers are given under the counter's row lock, which is kept until the commit: no number becomes visible before a smaller one.
APPEND = """
WITH given AS (
  SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:subjects AS text[]), CAST(:payloads AS jsonb[]), CAST(:every AS float8[]))
    WITH ORDINALITY AS g(kind, subject, payload, every, place)),
fresh AS (
  SELECT kind, subject, payload, row_number() OVER (ORDER BY place) AS place, count(*) OVER () AS total FROM given g
  WHERE g.every = 0 OR NOT EXISTS (
    SELECT FROM live_events e WHERE e.tenant_id = :tenant AND e.kind = g.kind AND e.subject = g.subject
      AND e.at > clock_timestamp() - make_interval(secs => g.every))),
counter AS (
  INSERT INTO live_counters AS c (tenant_id, seq) SELECT :tenant, max(total) FROM fresh HAVING max(total) > 0
  ON CONFLICT (tenant_id) DO UPDATE SET seq = c.seq + excluded.seq RETURNING seq)
INSERT INTO live_events (tenant_id, seq, kind, subject, payload, at)
SELECT :tenant, counter.seq - fresh.total + fresh.place, fresh.kind, fresh.subject, fresh.payload, clock_timestamp() FROM fresh, counter
RETURNING kind, subject
"""

SPAN = """
SELECT coalesce((SELECT seq FROM live_counters WHERE tenant_id = :tenant), 0) AS newest, (SELECT min(seq) FROM live_events WHERE tenant_id = :tenant) AS oldest
"""


async def append(session: AsyncSession, tenant_id: UUID, pending: Sequence[Pending]) -> list[Told]:
    """Write events with the next numbers; gives those that were written.

    Their time is that of the writing: the transaction may have begun long before, and what stands for another must be younger than the other's commit.
    """
    values = {
        "kinds": [one.kind for one in pending],
        "subjects": [one.subject for one in pending],
        "payloads": [None if one.payload is None else msgspec.json.encode(one.payload).decode() for one in pending],
        "every": [one.every.total_seconds() for one in pending],
    }
    written = await session.execute(text(APPEND), {"tenant": tenant_id, **values})
    return [(row.kind, row.subject) for row in written]


async def span(session: AsyncSession, tenant_id: UUID) -> Span:
    """What is kept of the tenant's events."""
    row = (await session.execute(text(SPAN), {"tenant": tenant_id})).one()
    return Span(row.newest, row.oldest)


async def after(session: AsyncSession, tenant_id: UUID, seq: int, kind: str, subject: str | None, limit: int) -> Sequence[LiveEventRow]:
    """The events of a kind (and subject) after a number, in their order."""
    query = select(LiveEventRow).where(LiveEventRow.tenant_id == tenant_id, LiveEventRow.seq > seq, LiveEventRow.kind == kind)
    if subject is not None:
        query = query.where(LiveEventRow.subject == subject)
    return (await session.execute(query.order_by(LiveEventRow.seq).limit(limit))).scalars().all()


async def newest(session: AsyncSession, tenant_id: UUID, kind: str, since: datetime | None = None) -> Sequence[Row[Any]]:
    """For each subject of a kind its newest event: subject, seq, payload, at."""
    query = select(LiveEventRow.subject, LiveEventRow.seq, LiveEventRow.payload, LiveEventRow.at).where(
        LiveEventRow.tenant_id == tenant_id, LiveEventRow.kind == kind
    )
    if since is not None:
        query = query.where(LiveEventRow.at > since)
    query = query.ext(distinct_on(LiveEventRow.subject)).order_by(LiveEventRow.subject, LiveEventRow.seq.desc())
    return (await session.execute(query)).all()


async def newest_of(session: AsyncSession, tenant_id: UUID, kind: str, subject: str) -> int:
    """The number of a subject's newest event of a kind; 0 when there is none."""
    query = select(LiveEventRow.seq).where(LiveEventRow.tenant_id == tenant_id, LiveEventRow.kind == kind, LiveEventRow.subject == subject)
    return (await session.execute(query.order_by(LiveEventRow.seq.desc()).limit(1))).scalar_one_or_none() or 0


async def prune(session: AsyncSession) -> int:
    """Remove what is older than a day, of every tenant; how many."""
    return int((await session.execute(text("SELECT prune_live_events()"))).scalar_one())
