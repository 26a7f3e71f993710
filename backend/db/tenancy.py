"""Which tenant a transaction is for, told to PostgreSQL, whose row-level policies hold it to that."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SETTING = "tiltyard.tenant"


async def enter(session: AsyncSession, tenant_id: UUID | None, read_only: bool) -> datetime:
    """Bind the open transaction to a tenant (none: no tenant-owned row is visible). Must be its first statements. Gives the hub's time."""
    if read_only:
        await session.execute(text("SET TRANSACTION READ ONLY"))
    row = (await session.execute(text("SELECT set_config('tiltyard.tenant', :tenant, true), hub_now() AS now"), {"tenant": str(tenant_id or "")})).one()
    now: datetime = row.now
    return now
