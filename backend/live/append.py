"""Write the events of a unit of work, inside its transaction."""

from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.live import repository
from backend.live.rules import Pending, Told


async def append(session: AsyncSession, tenant_id: UUID, pending: list[Pending]) -> list[Told]:
    """Give them the tenant's next numbers. Nothing may be written after this but the commit, since the counter is held until then."""
    return await repository.append(session, tenant_id, pending)
