"""What lower slices ask of governance. A hub without governance has the Null twin, which allows everything."""

from collections.abc import Sequence
from typing import Any, Literal, Protocol
from uuid import UUID

Change = Literal["split", "ramp", "promotion", "rollback", "resume"]
"""What is about to happen to a group or to a version."""


class Gate(Protocol):
    """Decides whether versions may take decisions."""

    async def objections(self, work: Any, change: Change, group_id: UUID | None, version_ids: Sequence[UUID]) -> list[str]:
        """Why a change must not go ahead, in sentences; empty: it may. `version_ids` are the versions that will answer after the change.

        `work` is the unit of work that makes the change. `group_id` is None when a version is resumed in every group.
        """
        ...


class NullGate:
    """The gate of a hub without governance: no objection, ever."""

    async def objections(self, work: Any, change: Change, group_id: UUID | None, version_ids: Sequence[UUID]) -> list[str]:
        """None."""
        return []


class UseBounds(Protocol):
    """The bounds of a group's approved use: who may ask it."""

    def broken(self, tenant_id: UUID | None, group_id: UUID, caller: str) -> str | None:
        """Why a caller may not ask a group, in a sentence that names the bound; None: the caller may. Answers from memory: every prediction asks."""
        ...


class NullUseBounds:
    """The bounds of a hub without governance: everybody may ask everything."""

    def broken(self, tenant_id: UUID | None, group_id: UUID, caller: str) -> str | None:
        """None."""
        return None
