"""A group's log: retention, legal holds, and answers while nothing can be logged."""

from backend.access.permissions import P
from backend.groups import log_policy
from backend.groups.errors import GroupNotFound
from rpc.core import Router
from rpc.host import Call
from schemas.groups import Group, SetLegalHold, SetRetention, SetWhenUnlogged

groups = Router("groups")


@groups.mutation(permission=P.GROUP_LOG_MANAGE, errors=(GroupNotFound,))
async def set_retention(ctx: Call, input: SetRetention) -> Group:
    """Set how long the rows of the group's log are kept, and whether they are archived before they are removed."""
    return await log_policy.set_retention(ctx.work, input)


@groups.mutation(permission=P.GROUP_LOG_MANAGE, errors=(GroupNotFound,))
async def set_legal_hold(ctx: Call, input: SetLegalHold) -> Group:
    """Set a legal hold on the group's log with a reason, or lift it; also on a deleted group's. It stops retention, deletion, erasure and discarding."""
    return await log_policy.set_legal_hold(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound,))
async def set_when_unlogged(ctx: Call, input: SetWhenUnlogged) -> Group:
    """Set the answer while nothing can be logged: a refusal, or the last logged answer for the same inputs."""
    return await log_policy.set_when_unlogged(ctx.work, input)
