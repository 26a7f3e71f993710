"""Opens a group's next phase for another slice. It locks, reads and changes the group by slug or id; rows stay in this slice."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from backend.groups import repository
from backend.groups.phases import describe, find, open_phase, owned
from backend.work.unit import UnitOfWork
from schemas.groups import Group, MemberSpec


class EarlierChampion(NamedTuple):
    """The last champion before the current one: its version, its last phase, and that phase's decision threshold."""

    version_id: UUID
    phase: int
    threshold: float


async def lock(work: UnitOfWork, slug: str) -> Group:
    """Return the group, locked: nobody else changes it before this transaction ends. Raises GroupNotFound."""
    return await describe(work, await find(work, slug, lock=True))


async def by_id(work: UnitOfWork, group_id: UUID, locked: bool = False) -> Group | None:
    """Return one group; None when it was deleted. With `locked`, nobody else changes it before this transaction ends."""
    row = await repository.group_by_id(work.session, work.tenant_id, group_id, locked)
    return await describe(work, row) if row else None


async def next_phase(work: UnitOfWork, before: Group, members: Sequence[MemberSpec], reason: str, threshold: float | None = None) -> Group:
    """Open the phase after `before`, with another decision threshold if given. Return the group after. `before` must be locked."""
    row = await find(work, before.slug, lock=True)
    if threshold is not None:
        row.threshold = threshold
    await open_phase(work, row, members, owned(before.phase), reason)
    return await describe(work, row)


async def champion_before(work: UnitOfWork, group: Group) -> EarlierChampion | None:
    """Return the champion before the current one; None without one."""
    row = await repository.champion_before(work.session, work.tenant_id, group.id, group.phase.number)
    return EarlierChampion(row.version_id, row.phase, row.threshold) if row else None
