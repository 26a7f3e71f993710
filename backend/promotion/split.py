"""A new split, once its effects on callers are accepted."""

from backend.groups import service as groups
from backend.groups import transitions
from backend.promotion import impact
from backend.work.unit import UnitOfWork
from schemas.groups import Group, SetSplit


async def set_split(work: UnitOfWork, input: SetSplit) -> Group:
    """Open a phase with new roles and shares. Raises RefusalsExpected, and the errors of groups.service.set_split."""
    await impact.consent(work, await transitions.lock(work, input.slug), input.members, input.accept_refusals)
    return await groups.set_split(work, input)
