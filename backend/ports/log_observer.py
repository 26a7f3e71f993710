"""Observers of the groups' logs."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID


class LogObserver(Protocol):
    """Hears what is written into a group's log, within the transaction that writes it: an error takes the rows back too.

    `work` is the unit of work of that transaction, `table` the log's table. Bootstrap chooses the observers and their order.
    """

    async def on_rows(self, work: Any, group_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Rows that have just been inserted, each as `backend/inference_log/writer.py` returns it. None of them has its outcome yet."""
        ...

    async def on_outcomes(self, work: Any, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
        """Rows whose outcome has just changed: `actual` is the new value, `was` the old one or None."""
        ...

    async def on_erasure(self, work: Any, group_id: UUID, table: str | None, correlations: Mapping[str, UUID]) -> int:
        """Rows have lost what was personal in them, among it these correlation ids, each of one inference. Gives how many outcomes lost theirs too.

        `table` is None where the log is gone already.
        """
        ...
