"""All SQL of live events."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncSession

from backend.live.rules import Span
from backend.live.tables import LiveEventRow

SPAN = """
SELECT coalesce((SELECT seq FROM live_counters WHERE tenant_id = :tenant), 0) AS newest, (SELECT min(seq) FROM live_events WHERE tenant_id = :tenant) AS oldest
"""


async def span(session: AsyncSession, tenant_id: UUID) -> Span:
    """Return the span of the tenant's stored events."""
    row = (await session.execute(text(SPAN), {"tenant": tenant_id})).one()
    return Span(row.newest, row.oldest)


async def after(session: AsyncSession, tenant_id: UUID, seq: int, kind: str, subject: str | None, limit: int) -> Sequence[LiveEventRow]:
    """Return the events of a kind (and subject) after a number, in order."""
    query = select(LiveEventRow).where(LiveEventRow.tenant_id == tenant_id, LiveEventRow.seq > seq, LiveEventRow.kind == kind)
    if subject is not None:
        query = query.where(LiveEventRow.subject == subject)
    return (await session.execute(query.order_by(LiveEventRow.seq).limit(limit))).scalars().all()


async def newest(session: AsyncSession, tenant_id: UUID, kind: str, since: datetime | None = None) -> Sequence[Row[Any]]:
    """Return the newest event of each subject of a kind: subject, seq, payload, at."""
    query = select(LiveEventRow.subject, LiveEventRow.seq, LiveEventRow.payload, LiveEventRow.at).where(
        LiveEventRow.tenant_id == tenant_id, LiveEventRow.kind == kind
    )
    if since is not None:
        query = query.where(LiveEventRow.at > since)
    query = query.ext(distinct_on(LiveEventRow.subject)).order_by(LiveEventRow.subject, LiveEventRow.seq.desc())
    return (await session.execute(query)).all()


async def newest_of(session: AsyncSession, tenant_id: UUID, kind: str, subject: str) -> int:
    """Return the number of a subject's newest event of a kind; 0 without one."""
    query = select(LiveEventRow.seq).where(LiveEventRow.tenant_id == tenant_id, LiveEventRow.kind == kind, LiveEventRow.subject == subject)
    return (await session.execute(query.order_by(LiveEventRow.seq.desc()).limit(1))).scalar_one_or_none() or 0


async def prune(session: AsyncSession) -> int:
    """Remove events older than a day, of every tenant. Return their number."""
    return int((await session.execute(text("SELECT prune_live_events()"))).scalar_one())
