"""Questions of lower slices to governance. A hub without governance has the Null twins, which allow everything."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

Change = Literal["split", "ramp", "promotion", "rollback", "resume", "exploration"]
"""A planned change of a group or version."""


class Gate(Protocol):
    """Decides whether versions may take decisions."""

    async def objections(self, work: Any, change: Change, group_id: UUID | None, version_ids: Sequence[UUID]) -> list[str]:
        """Return the objections to a change, as sentences; empty allows it. `version_ids` are the versions that will answer after it.

        `work` is the unit of work of the change. `group_id` is None when a version is resumed in every group.
        """
        ...


class NullGate:
    """The gate of a hub without governance: it never objects."""

    async def objections(self, work: Any, change: Change, group_id: UUID | None, version_ids: Sequence[UUID]) -> list[str]:
        """Return no objection."""
        return []


class UseBounds(Protocol):
    """The bounds of a group's approved use: who may ask it."""

    def broken(self, tenant_id: UUID | None, group_id: UUID, caller: str) -> str | None:
        """Return why a caller may not ask a group, as a sentence that names the bound; None allows it. It answers from memory, because every prediction
        asks.
        """
        ...


class NullUseBounds:
    """The bounds of a hub without governance: everybody may ask everything."""

    def broken(self, tenant_id: UUID | None, group_id: UUID, caller: str) -> str | None:
        """Return None."""
        return None
