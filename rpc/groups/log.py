"""A group's log: how long rows are kept, what holds them, and what is answered when nothing can be put on record."""

from backend.access.permissions import P
from backend.groups import log_policy
from backend.groups.errors import GroupNotFound
from rpc.core import Router
from rpc.host import Call
from schemas.groups import Group, SetLegalHold, SetRetention, SetWhenUnlogged

groups = Router("groups")


@groups.mutation(permission=P.GROUP_LOG_MANAGE, errors=(GroupNotFound,))
async def set_retention(ctx: Call, input: SetRetention) -> Group:
    """How long the rows of the group's log are kept, and whether they are archived before they go."""
    return await log_policy.set_retention(ctx.work, input)


@groups.mutation(permission=P.GROUP_LOG_MANAGE, errors=(GroupNotFound,))
async def set_legal_hold(ctx: Call, input: SetLegalHold) -> Group:
    """Keep the group's log as it is for a legal reason, or lift that hold; a deleted group's too. It stops retention, deletion, erasure and discarding."""
    return await log_policy.set_legal_hold(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound,))
async def set_when_unlogged(ctx: Call, input: SetWhenUnlogged) -> Group:
    """What is answered when nothing can be put on record: a refusal, or the last logged answer for the same inputs."""
    return await log_policy.set_when_unlogged(ctx.work, input)
