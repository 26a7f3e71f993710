"""Deleting a group: it stops answering at once; a run archives or drops its log."""

from datetime import timedelta

from backend.groups import actions
from backend.groups.errors import NotConfirmed
from backend.groups.log_policy import ARCHIVE_RUN, DROP_RUN, refuse_held
from backend.groups.phases import announce, describe, find
from backend.runs import service as runs
from backend.work.unit import UnitOfWork
from schemas.common import Issue
from schemas.groups import DeleteGroup, Deletion


async def delete(work: UnitOfWork, input: DeleteGroup) -> Deletion:
    """Delete the group. `archive` starts now; `delete` drops the log after the grace period. Raises NotConfirmed, LegalHold."""
    if input.confirm != input.slug:
        raise NotConfirmed(issues=[Issue(pointer="/confirm", message=f"write {input.slug}")])
    group = await find(work, input.slug, lock=True)
    refuse_held(group)
    before = await describe(work, group)
    group.deleted_at = work.now
    await work.session.flush()
    await announce(work, group)
    delay = timedelta(hours=input.grace_hours) if input.policy == "delete" else timedelta()
    kind = DROP_RUN if input.policy == "delete" else ARCHIVE_RUN
    run_id = await runs.start(work, kind, f"group:{group.slug}", {"group_id": str(group.id)}, delay)
    deletion = Deletion(slug=group.slug, policy=input.policy, run_id=run_id, due_at=work.now + delay)
    work.audit(actions.GROUPS_DELETE, f"group:{group.slug}", before, deletion)
    return deletion
