"""Alerts: all SQL."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.alerts.tables import AlertRow
from backend.db.locks import lock


async def newest(session: AsyncSession, tenant_id: UUID, state: str | None, limit: int) -> Sequence[AlertRow]:
    """Alerts, open before resolved, critical before warnings, the newest first."""
    query = select(AlertRow).where(AlertRow.tenant_id == tenant_id)
    if state is not None:
        query = query.where(AlertRow.state == state)
    return (await session.execute(query.order_by(AlertRow.state, AlertRow.severity, AlertRow.first_seen.desc()).limit(limit))).scalars().all()


async def open_alerts(session: AsyncSession, tenant_id: UUID, kinds: Collection[str]) -> Sequence[AlertRow]:
    """The open alerts of some kinds, held against other checks until the transaction ends."""
    await lock(session, f"alerts:{tenant_id}")
    query = select(AlertRow).where(AlertRow.tenant_id == tenant_id, AlertRow.state == "open", AlertRow.kind.in_(kinds))
    return (await session.execute(query)).scalars().all()


async def tenants(session: AsyncSession) -> Sequence[Row[Any]]:
    """Every tenant, and whether it has an open alert."""
    return (await session.execute(text("SELECT * FROM watched_tenants()"))).all()
