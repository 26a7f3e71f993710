"""The gate's decision before a group's split changes."""

from collections.abc import Iterable
from uuid import UUID

from backend.groups.errors import GateNotMet
from backend.ports.governance import Change
from backend.work.unit import UnitOfWork
from schemas.groups import MemberRole, MemberSpec


async def ask_gate(work: UnitOfWork, change: Change, group_id: UUID | None, version_ids: Iterable[UUID]) -> None:
    """Raise GateNotMet with every objection to these versions answering after the change."""
    if objections := await work.hub.gate.objections(work, change, group_id, list(version_ids)):
        raise GateNotMet(f"The gate does not let this {change} through: {' '.join(objections)} Nothing was changed.")


def answering(members: Iterable[MemberSpec]) -> list[UUID]:
    """Return the versions that answer callers: the champion, and challengers with a share."""
    return [member.version_id for member in members if member.role is not MemberRole.SHADOW and member.share]
