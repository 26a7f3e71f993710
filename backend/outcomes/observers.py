"""Notifies the log's observers of changed outcomes."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.work.unit import UnitOfWork


async def tell_observers(work: UnitOfWork, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
    """Notify every observer, in bootstrap's order and in this transaction. `changes` are rows as `repository.set_actuals` returns them."""
    for observer in work.hub.observers:
        await observer.on_outcomes(work, group_id, table, changes)
