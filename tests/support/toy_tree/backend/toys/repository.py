"""Toys: all SQL."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.toys.tables import ToyRow


async def get(session: AsyncSession, tenant_id: UUID, toy_id: UUID) -> ToyRow:
    """One toy."""
    return (await session.execute(select(ToyRow).where(ToyRow.tenant_id == tenant_id, ToyRow.id == toy_id))).scalar_one()


async def heavier(session: AsyncSession, tenant_id: UUID, weight: int) -> Sequence[ToyRow]:
    """The toys above a weight."""
    return (await session.execute(select(ToyRow).where(ToyRow.tenant_id == tenant_id, ToyRow.weight > weight))).scalars().all()
