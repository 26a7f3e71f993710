"""Outcomes without an inference."""

from datetime import timedelta

from backend.groups import service as groups
from backend.outcomes import actions, repository
from backend.work.unit import UnitOfWork
from schemas.groups import GroupRef
from schemas.log import ListOrphans, OrphanOutcome, Orphans


async def orphans(work: UnitOfWork, input: ListOrphans) -> Orphans:
    """Return the outcomes that have waited longer than this number of days, oldest first, and their total. Raises GroupNotFound."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    before = work.now - timedelta(days=input.older_than_days)
    total, rows = await repository.orphans(work.session, work.tenant_id, group.id, before, input.limit)
    work.audit_read(actions.INFERENCE_ORPHANS, f"group:{group.slug}")
    return Orphans(total=total, outcomes=[OrphanOutcome(**row._mapping) for row in rows])
