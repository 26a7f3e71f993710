"""What becomes of a group's log: how long rows are kept, whether anything may be removed at all, and what is said when nothing can be put on record."""

from uuid import UUID

from backend.declarations.actions import AuditAction
from backend.groups import actions, repository
from backend.groups.errors import GroupNotFound, LegalHold
from backend.groups.events import GROUP_CHANGED
from backend.groups.phases import describe, find
from backend.groups.tables import GroupRow
from backend.runs import service as runs
from backend.work.unit import UnitOfWork
from schemas.groups import Group, SetLegalHold, SetRetention, SetWhenUnlogged

ARCHIVE_RUN = "groups.archive"
DROP_RUN = "groups.drop"
ENDINGS = (ARCHIVE_RUN, DROP_RUN)
"""The runs by which a deleted group's log ends."""


async def set_retention(work: UnitOfWork, input: SetRetention) -> Group:
    """Keep rows for so many days, or for good. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.retention_days, group.retention_policy = input.days, input.policy
    return await _changed(work, group, before, actions.GROUPS_SET_RETENTION)


async def set_legal_hold(work: UnitOfWork, input: SetLegalHold) -> Group:
    """Hold everything as it is for a reason, or lift the hold: of the group, and of those of its slug that were deleted.

    A deletion whose run failed or was cancelled is begun again when the hold is lifted. Gives the group, else the one deleted last. Raises GroupNotFound.
    """
    rows = await repository.every(work.session, work.tenant_id, input.slug, lock=True)
    if not rows:
        raise _no_group(input.slug)
    lifted = [row.id for row in rows if row.deleted_at and row.legal_hold is not None and input.reason is None]
    changed = []
    for row in sorted(rows, key=lambda row: (row.deleted_at is None, row.deleted_at)):
        before = await describe(work, row)
        row.legal_hold = input.reason
        changed.append(await _changed(work, row, before, actions.GROUPS_SET_LEGAL_HOLD))
    for group_id, kind in await runs.undone(work, lifted, ENDINGS):
        await runs.start(work, kind, f"group:{input.slug}", {"group_id": str(group_id)})
    return changed[-1]


async def set_when_unlogged(work: UnitOfWork, input: SetWhenUnlogged) -> Group:
    """Refuse, or repeat what was last logged for the same inputs. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.when_unlogged, group.stale_max_seconds = input.when_unlogged, input.max_age_seconds
    return await _changed(work, group, before, actions.GROUPS_SET_WHEN_UNLOGGED)


async def every_unheld(work: UnitOfWork, slug: str) -> list[UUID]:
    """The ids of all groups that ever had a slug, deleted ones included. Raises GroupNotFound, LegalHold."""
    rows = await repository.every(work.session, work.tenant_id, slug)
    if not rows:
        raise _no_group(slug)
    for row in rows:
        refuse_held(row)
    return [row.id for row in rows]


async def unheld(work: UnitOfWork, slug: str) -> UUID:
    """The id of a group whose log may lose something. Raises GroupNotFound, LegalHold."""
    group = await find(work, slug)
    refuse_held(group)
    return group.id


async def refuse_hold_on(work: UnitOfWork, group_id: UUID) -> None:
    """Raise LegalHold where one stands on a group, deleted or not."""
    if group := await repository.hold_on(work.session, work.tenant_id, group_id):
        refuse_held(group)


def refuse_held(group: GroupRow) -> None:
    """Raise LegalHold where a hold stands."""
    if group.legal_hold is not None:
        raise LegalHold(f"A legal hold keeps the log of {group.slug} as it is: {group.legal_hold}. `groups.setLegalHold` without a reason lifts it.")


def _no_group(slug: str) -> GroupNotFound:
    return GroupNotFound(f"There is no group {slug!r} in this tenant.")


async def _changed(work: UnitOfWork, group: GroupRow, before: Group, action: AuditAction) -> Group:
    await work.session.flush()
    after = await describe(work, group)
    work.audit(action, f"group:{group.slug}", before.log, after.log)
    work.live(GROUP_CHANGED, group.slug)
    return after
