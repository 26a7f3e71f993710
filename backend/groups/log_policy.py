"""What becomes of a group's log: how long rows are kept, whether anything may be removed at all, and what is said when nothing can be put on record."""

from uuid import UUID

from backend.groups import repository
from backend.groups.errors import GroupNotFound, LegalHold
from backend.groups.service import describe, find
from backend.groups.tables import GroupRow
from backend.live.rules import GROUP_CHANGED
from backend.work import UnitOfWork
from schemas.groups import Group, SetLegalHold, SetRetention, SetWhenUnlogged


async def set_retention(work: UnitOfWork, input: SetRetention) -> Group:
    """Keep rows for so many days, or for good. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.retention_days, group.retention_policy = input.days, input.policy
    return await _changed(work, group, before, "groups.setRetention")


async def set_legal_hold(work: UnitOfWork, input: SetLegalHold) -> Group:
    """Hold everything as it is for a reason, or lift the hold. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.legal_hold = input.reason
    return await _changed(work, group, before, "groups.setLegalHold")


async def set_when_unlogged(work: UnitOfWork, input: SetWhenUnlogged) -> Group:
    """Refuse, or repeat what was last logged for the same inputs. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.when_unlogged, group.stale_max_seconds = input.when_unlogged, input.max_age_seconds
    return await _changed(work, group, before, "groups.setWhenUnlogged")


async def every_unheld(work: UnitOfWork, slug: str) -> list[UUID]:
    """The ids of all groups that ever had a slug, deleted ones included. Raises GroupNotFound, LegalHold."""
    rows = await repository.every(work.session, work.tenant_id, slug)
    if not rows:
        raise GroupNotFound(f"There is no group {slug!r} in this tenant.")
    for row in rows:
        refuse_held(row)
    return [row.id for row in rows]


def refuse_held(group: GroupRow) -> None:
    """Raise LegalHold where a hold stands."""
    if group.legal_hold is not None:
        raise LegalHold(f"A legal hold keeps the log of {group.slug} as it is: {group.legal_hold}. `groups.setLegalHold` without a reason lifts it.")


async def _changed(work: UnitOfWork, group: GroupRow, before: Group, action: str) -> Group:
    await work.session.flush()
    after = await describe(work, group)
    work.audit(action, f"group:{group.slug}", before.log, after.log)
    work.live(GROUP_CHANGED, group.slug)
    return after
