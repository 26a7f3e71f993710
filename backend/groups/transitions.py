"""A group's next phase, opened by another slice: the group is locked, looked at, and changed by its slug or id. Rows stay in this slice."""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from backend.groups import repository
from backend.groups.phases import describe, find, open_phase, owned
from backend.work.unit import UnitOfWork
from schemas.groups import Group, MemberSpec


class EarlierChampion(NamedTuple):
    """The last champion before the present one: its version, the last phase it answered in, and that phase's decision threshold."""

    version_id: UUID
    phase: int
    threshold: float


async def lock(work: UnitOfWork, slug: str) -> Group:
    """The group as it is; nobody else changes it before this transaction ends. Raises GroupNotFound."""
    return await describe(work, await find(work, slug, lock=True))


async def by_id(work: UnitOfWork, group_id: UUID, locked: bool = False) -> Group | None:
    """One group; None where it was deleted. With `locked`, nobody else changes it before this transaction ends."""
    row = await repository.group_by_id(work.session, work.tenant_id, group_id, locked)
    return await describe(work, row) if row else None


async def next_phase(work: UnitOfWork, before: Group, members: Sequence[MemberSpec], reason: str, threshold: float | None = None) -> Group:
    """Open the phase after `before`, with another decision threshold if one is given; gives the group after. `before` is locked."""
    row = await find(work, before.slug, lock=True)
    if threshold is not None:
        row.threshold = threshold
    await open_phase(work, row, members, owned(before.phase), reason)
    return await describe(work, row)


async def champion_before(work: UnitOfWork, group: Group) -> EarlierChampion | None:
    """The champion before the present one; None where there was no other."""
    row = await repository.champion_before(work.session, work.tenant_id, group.id, group.phase.number)
    return EarlierChampion(row.version_id, row.phase, row.threshold) if row else None
