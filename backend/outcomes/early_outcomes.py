"""Outcomes that came before their inference, applied when it arrives."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from backend.outcomes import repository
from backend.outcomes.observers import tell_observers
from backend.outcomes.rules import Arrived, KnownTruth, Truth, says_whether, tell
from backend.work.unit import UnitOfWork


class EarlyOutcomes:
    """Gives rows their early outcomes, as an observer of the log."""

    async def on_rows(self, work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Apply the outcomes that waited for the inserted rows."""
        await apply_waiting(work, group_id, table, [(row["inference_id"], row["correlation_id"], row["answered"]) for row in rows])

    async def on_outcomes(self, work: UnitOfWork, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
        """Do nothing: these outcomes already have their rows."""

    async def on_erasure(self, work: UnitOfWork, group_id: UUID, table: str | None, correlations: Mapping[str, UUID]) -> int:
        """Replace these correlation ids in the ledger by inference ids. Return the number of outcomes."""
        return await repository.unname(work.session, work.tenant_id, group_id, table, correlations)


async def apply_waiting(work: UnitOfWork, group_id: UUID, table: str, arrived: Sequence[Arrived], brought: Mapping[UUID, KnownTruth] | None = None) -> None:
    """Apply earlier outcomes to rows just written, in their order. A shadow's row also takes those of the answer it copies.

    `brought` are the outcomes that arrived with the rows. An outcome that cannot be true of its row (10 for a probability) keeps waiting, and is reported with
    those without an inference.
    """
    told = await _fitting(work, table, await repository.told_before(work.session, table, work.tenant_id, group_id, arrived))
    if not told:
        return
    by_inference: defaultdict[UUID, KnownTruth] = defaultdict(
        KnownTruth, {row.target: brought[row.target] for row in told if brought and row.target in brought}
    )
    for row in told:
        truth = Truth(actual=row.actual, at=row.at, received_at=row.received_at, by=row.received_by)
        by_inference[row.target], _ = tell(by_inference[row.target], truth, dated=False)
    changes = await repository.set_actuals(work.session, table, by_inference)
    await tell_observers(work, group_id, table, changes)
    await repository.mark_applied(work.session, work.tenant_id, sorted({row.id for row in told if row.met}), work.now)


async def _fitting(work: UnitOfWork, table: str, told: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    numbers = {row.target for row in told if not says_whether(row.actual)}
    probable = await repository.probable(work.session, table, list(numbers)) if numbers else set()
    return [row for row in told if row.target not in probable or says_whether(row.actual)]
