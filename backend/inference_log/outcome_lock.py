"""A lock under which rows and outcomes of one group take turns: written at the same time, they could miss each other."""

from uuid import UUID

from backend.db.locks import lock
from backend.work.unit import UnitOfWork


async def before_rows(work: UnitOfWork, group_id: UUID) -> None:
    """Block outcomes of the group until the transaction ends. Other writers of rows continue."""
    await lock(work.session, f"outcomes:{group_id}", shared=True)


async def before_outcomes(work: UnitOfWork, group_id: UUID) -> None:
    """Block rows and other outcomes of the group until the transaction ends."""
    await lock(work.session, f"outcomes:{group_id}")
