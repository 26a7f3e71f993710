"""Rules for a group's log: retention, legal holds, and answers while nothing can be logged."""

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
"""The kinds of runs that end a deleted group's log."""


async def set_retention(work: UnitOfWork, input: SetRetention) -> Group:
    """Keep rows for this number of days, or forever. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.retention_days, group.retention_policy = input.days, input.policy
    return await _changed(work, group, before, actions.GROUPS_SET_RETENTION)


async def set_legal_hold(work: UnitOfWork, input: SetLegalHold) -> Group:
    """Set a legal hold with a reason, or lift it: on the group, and on deleted groups with its slug.

    Lifting the hold restarts deletions whose run failed or was cancelled. Returns the group, else the one deleted last. Raises GroupNotFound.
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
    """Set the answer while logging fails: refuse, or repeat the last logged answer for the same inputs. Raises GroupNotFound."""
    group = await find(work, input.slug, lock=True)
    before = await describe(work, group)
    group.when_unlogged, group.stale_max_seconds = input.when_unlogged, input.max_age_seconds
    return await _changed(work, group, before, actions.GROUPS_SET_WHEN_UNLOGGED)


async def every_unheld(work: UnitOfWork, slug: str) -> list[UUID]:
    """Return the ids of all groups that ever had a slug, deleted ones included. Raises GroupNotFound, LegalHold."""
    rows = await repository.every(work.session, work.tenant_id, slug)
    if not rows:
        raise _no_group(slug)
    for row in rows:
        refuse_held(row)
    return [row.id for row in rows]


async def unheld(work: UnitOfWork, slug: str) -> UUID:
    """Return the id of a group without a legal hold. Raises GroupNotFound, LegalHold."""
    group = await find(work, slug)
    refuse_held(group)
    return group.id


async def refuse_hold_on(work: UnitOfWork, group_id: UUID) -> None:
    """Raise LegalHold when a group, deleted or not, has a hold."""
    if group := await repository.hold_on(work.session, work.tenant_id, group_id):
        refuse_held(group)


def refuse_held(group: GroupRow) -> None:
    """Raise LegalHold when the group has a hold."""
    if group.legal_hold is not None:
        raise LegalHold(f"A legal hold protects the log of {group.slug}: {group.legal_hold}. To lift it, call `groups.setLegalHold` without a reason.")


def _no_group(slug: str) -> GroupNotFound:
    return GroupNotFound(f"There is no group {slug!r} in this tenant.")


async def _changed(work: UnitOfWork, group: GroupRow, before: Group, action: AuditAction) -> Group:
    await work.session.flush()
    after = await describe(work, group)
    work.audit(action, f"group:{group.slug}", before.log, after.log)
    work.live(GROUP_CHANGED, group.slug)
    return after
