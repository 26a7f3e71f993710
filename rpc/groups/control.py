"""Halts and resumptions."""

from backend.access.permissions import P
from backend.catalog.errors import VersionNotFound
from backend.groups import halt as halting
from backend.groups.errors import GateNotMet, GroupNotFound, NotHalted, SecondPersonNeeded
from rpc.core import Router
from rpc.host import Call
from schemas.groups import Group, Halt, HaltGroup, HaltVersion, ListHalts, ResumeGroup, ResumeVersion

groups = Router("groups")


@groups.mutation(permission=P.GROUP_GROUP_HALT, errors=(GroupNotFound,))
async def halt(ctx: Call, input: HaltGroup) -> Group:
    """Stop all answers of a group. After this returns, no process answers for it."""
    return await halting.halt_group(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_HALT, errors=(VersionNotFound,))
async def halt_version(ctx: Call, input: HaltVersion) -> Halt:
    """Stop a version in every group. Its share goes to the champion; a group with this champion answers nobody."""
    return await halting.halt_version(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_RESUME, errors=(GroupNotFound, NotHalted, SecondPersonNeeded, GateNotMet))
async def resume(ctx: Call, input: ResumeGroup) -> Group:
    """Ask to resume a halted group; a second person's call confirms it. If only one person may resume, that person's call is enough."""
    return await halting.resume_group(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_RESUME, errors=(VersionNotFound, NotHalted, SecondPersonNeeded, GateNotMet))
async def resume_version(ctx: Call, input: ResumeVersion) -> Halt:
    """Ask to resume a version, or confirm it as a second person."""
    return await halting.resume_version(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ)
async def halts(ctx: Call, input: ListHalts) -> list[Halt]:
    """Return halts, newest first, with the people who stopped and resumed."""
    return await halting.list_halts(ctx.work, input)
