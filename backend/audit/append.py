"""Write the changes of a unit of work into its tenant's chain, inside its transaction."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit import repository
from backend.audit.rules import GENESIS, Pending, link


async def append(session: AsyncSession, tenant_id: UUID, at: datetime, pending: list[Pending]) -> None:
    """If this fails the change fails with it: no change without its entry."""
    seq, head = await repository.lock_head(session, tenant_id) or (0, GENESIS)
    entries = []
    for change in pending:
        entry = link(seq + 1, head, at, change)
        seq, head = entry.seq, entry.hash
        entries.append(entry)
    await repository.add(session, tenant_id, entries)
