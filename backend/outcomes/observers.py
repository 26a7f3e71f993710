"""Telling the observers of the log that outcomes have changed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.work.unit import UnitOfWork


async def tell_observers(work: UnitOfWork, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
    """Tell every observer, in bootstrap's order and in this transaction. `changes` are rows as `repository.set_actuals` returns them."""
    for observer in work.hub.observers:
        await observer.on_outcomes(work, group_id, table, changes)
