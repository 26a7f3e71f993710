"""Rows and outcomes of one group take turns: written at the same time, the two could miss each other."""

from uuid import UUID

from backend.db.locks import lock
from backend.work.unit import UnitOfWork


async def before_rows(work: UnitOfWork, group_id: UUID) -> None:
    """Until the transaction ends, no outcomes of the group are recorded. Other writers of rows go on."""
    await lock(work.session, f"outcomes:{group_id}", shared=True)


async def before_outcomes(work: UnitOfWork, group_id: UUID) -> None:
    """Until the transaction ends, no rows of the group are written and no other outcomes of the group are recorded."""
    await lock(work.session, f"outcomes:{group_id}")
