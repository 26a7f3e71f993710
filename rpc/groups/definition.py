"""The definition of groups: their settings and members."""

from backend.access.permissions import P
from backend.groups import delete as deletion
from backend.groups import service
from backend.groups.errors import (
    GateNotMet,
    GroupNotFound,
    GroupSlugTaken,
    InvalidSplit,
    LegalHold,
    NotConfirmed,
    RefusalsExpected,
    StalePhase,
    VersionNotReady,
)
from backend.promotion import split
from rpc.core import Router
from rpc.host import Call
from schemas.groups import ConfigureGroup, CreateGroup, DeleteGroup, Deletion, Group, GroupRef, Phase, SetSplit

groups = Router("groups")


@groups.query(permission=P.GROUP_GROUP_READ)
async def list_(ctx: Call) -> list[Group]:
    """Return groups by slug, each in its current phase."""
    return await service.list_groups(ctx.work)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def get(ctx: Call, input: GroupRef) -> Group:
    """Return one group."""
    return await service.get(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(InvalidSplit, VersionNotReady, GroupSlugTaken, GateNotMet))
async def create(ctx: Call, input: CreateGroup) -> Group:
    """Create a group with its endpoint and its own log table."""
    return await service.create(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, InvalidSplit, VersionNotReady, StalePhase, GateNotMet, RefusalsExpected))
async def set_split(ctx: Call, input: SetSplit) -> Group:
    """Open a phase with new roles and shares. Only the buckets that change hands move."""
    return await split.set_split(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def phases(ctx: Call, input: GroupRef) -> list[Phase]:
    """Return every phase, the current one first."""
    return await service.list_phases(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound,))
async def configure(ctx: Call, input: ConfigureGroup) -> Group:
    """Change how a group answers and what its promotions need."""
    return await service.configure(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_DELETE, errors=(GroupNotFound, NotConfirmed, LegalHold))
async def delete(ctx: Call, input: DeleteGroup) -> Deletion:
    """Delete a group: it stops answering at once, and a run archives or drops its log."""
    return await deletion.delete(ctx.work, input)
