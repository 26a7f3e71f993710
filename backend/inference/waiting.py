"""Outcomes that came before their inference: applied when it arrives."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from backend.inference import repository
from backend.inference.rules import Arrived, Known, Truth, tell
from backend.inference.tally.keeping import add_outcomes
from backend.work import UnitOfWork


async def apply_waiting(work: UnitOfWork, group_id: UUID, table: str, arrived: Sequence[Arrived]) -> None:
    """Give rows that have just been written the outcomes already told for them, or for what they are shadows of, in the order they were told."""
    told = await repository.told_before(work.session, work.tenant_id, group_id, arrived)
    if not told:
        return
    by_inference: defaultdict[UUID, Known] = defaultdict(Known)
    for row in told:
        truth = Truth(actual=row.actual, at=row.at, received_at=row.received_at, by=row.received_by)
        by_inference[row.target], _ = tell(by_inference[row.target], truth, dated=False)
    changes = await repository.set_actuals(work.session, table, by_inference)
    await add_outcomes(work, group_id, table, changes)
    await repository.mark_applied(work.session, work.tenant_id, sorted({row.id for row in told if row.met}), work.now)
