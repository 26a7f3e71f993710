"""Binds a transaction to its tenant. PostgreSQL's row-level policies enforce it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SETTING = "tiltyard.tenant"


async def enter(session: AsyncSession, tenant_id: UUID | None, read_only: bool) -> datetime:
    """Bind the open transaction to a tenant (without one, no tenant-owned row is visible), and return the hub's time. Call it first in the transaction."""
    if read_only:
        await session.execute(text("SET TRANSACTION READ ONLY"))
    row = (await session.execute(text("SELECT set_config('tiltyard.tenant', :tenant, true), hub_now() AS now"), {"tenant": str(tenant_id or "")})).one()
    now: datetime = row.now
    return now
