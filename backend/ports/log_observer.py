"""Observers of the groups' logs."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID


class LogObserver(Protocol):
    """Observes writes to a group's log, within their transaction: an error rolls the rows back too.

    `work` is the unit of work of that transaction, `table` the log's table. Bootstrap chooses the observers and their order.
    """

    async def on_rows(self, work: Any, group_id: UUID, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Handle inserted rows, each as `backend/inference_log/writer.py` returns it. None of them has its outcome yet."""
        ...

    async def on_outcomes(self, work: Any, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
        """Handle changed outcomes of rows: `actual` is the new value, `was` the old one or None."""
        ...

    async def on_erasure(self, work: Any, group_id: UUID, table: str | None, correlations: Mapping[str, UUID]) -> int:
        """Handle rows that lost their personal data, including these correlation ids, each of one inference. Return how many outcomes lost theirs too.

        `table` is None when the log is gone.
        """
        ...
