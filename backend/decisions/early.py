"""Final decisions that came before their inference: applied when it arrives."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from backend.decisions import queries
from backend.decisions.final import told_of
from backend.decisions.queries import Arrived
from backend.decisions.rules import ToldDecision, tell
from backend.work.unit import UnitOfWork


class EarlyDecisions:
    """Gives rows the final decisions that came before them, as an observer of the log."""

    async def on_rows(self, work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Apply what waited for rows that have just been inserted."""
        await apply_waiting(work, group_id, table, [(row["inference_id"], row["correlation_id"], row["answered"]) for row in rows])

    async def on_outcomes(self, work: UnitOfWork, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
        """Do nothing: an outcome decides nothing."""

    async def on_erasure(self, work: UnitOfWork, group_id: UUID, table: str | None, correlations: Mapping[str, UUID]) -> int:
        """Return the ledger names inferences instead of these correlation ids. They are no outcomes, so none is counted."""
        await queries.name_by_inference(work.session, work.tenant_id, group_id, table, correlations)
        return 0


async def apply_waiting(work: UnitOfWork, group_id: UUID, table: str, arrived: Sequence[Arrived]) -> None:
    """Give rows that have just been written the final decisions already told for them, or for what they are shadows of."""
    if not await queries.any_told(work.session, group_id):
        return
    told = await queries.told_for(work.session, table, work.tenant_id, group_id, arrived)
    if not told:
        return
    known: defaultdict[UUID, Sequence[ToldDecision]] = defaultdict(list)
    for row in told:
        known[row.target], _ = tell(known[row.target], told_of(row), dated=True)
    await queries.set_final(work.session, table, known)
    await queries.mark_applied(work.session, work.tenant_id, sorted({row.id for row in told if row.met}), work.now)
