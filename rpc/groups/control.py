"""Groups under control: settings, halts, rollback, ramps, and what the log proves of a split."""

from backend.access.permissions import P
from backend.catalog.errors import VersionNotFound
from backend.comparison import routing_replay, split_estimate
from backend.comparison.service import PhaseNotFound
from backend.comparison.split_estimate import NoSupport
from backend.groups import halt as halting
from backend.groups import service
from backend.groups.errors import (
    GroupNotFound,
    InvalidRamp,
    InvalidSplit,
    NoRamp,
    NotHalted,
    NothingToRestore,
    RampUnderWay,
    SecondPersonNeeded,
    StalePhase,
    VersionNotReady,
    VersionNotWarm,
)
from backend.promotion import ramp
from backend.promotion import rollback as restoring
from rpc.groups.definition import groups
from rpc.host import Call
from schemas.groups import ConfigureGroup, Group, GroupRef, Halt, HaltGroup, HaltVersion, ListHalts, ResumeGroup, ResumeVersion, Rollback
from schemas.ramps import EstimateSplit, Ramp, RampRef, ReplayRouting, RoutingReplay, SplitEstimate, StartRamp

__all__ = ["groups"]


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound,))
async def configure(ctx: Call, input: ConfigureGroup) -> Group:
    """Change how a group answers and what its promotions need."""
    return await service.configure(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_HALT, errors=(GroupNotFound,))
async def halt(ctx: Call, input: HaltGroup) -> Group:
    """Stop all answers of a group. Once this returns, no process answers for it."""
    return await halting.halt_group(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_HALT, errors=(VersionNotFound,))
async def halt_version(ctx: Call, input: HaltVersion) -> Halt:
    """Stop a version in every group. Its share falls to the champion; a group whose champion it is answers nobody."""
    return await halting.halt_version(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_RESUME, errors=(GroupNotFound, NotHalted, SecondPersonNeeded))
async def resume(ctx: Call, input: ResumeGroup) -> Group:
    """Ask that a halted group answers again; a second person's call confirms it. Where only one person may, that one's call is enough."""
    return await halting.resume_group(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_RESUME, errors=(VersionNotFound, NotHalted, SecondPersonNeeded))
async def resume_version(ctx: Call, input: ResumeVersion) -> Halt:
    """The same for a version."""
    return await halting.resume_version(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ)
async def halts(ctx: Call, input: ListHalts) -> list[Halt]:
    """Halts, newest first, with who stopped and who resumed."""
    return await halting.list_halts(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_PROMOTE, errors=(GroupNotFound, StalePhase, NothingToRestore, VersionNotWarm))
async def rollback(ctx: Call, input: Rollback) -> Group:
    """Go back to the champion before, with the threshold it had."""
    return await restoring.rollback(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, StalePhase, RampUnderWay, InvalidRamp, InvalidSplit, VersionNotReady))
async def start_ramp(ctx: Call, input: StartRamp) -> Ramp:
    """Raise a challenger's share by steps, each of which must hold; a broken guardrail takes the share away."""
    return await ramp.start(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, NoRamp))
async def pause_ramp(ctx: Call, input: RampRef) -> Ramp:
    """Hold the ramp's step."""
    return await ramp.pause(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, NoRamp))
async def resume_ramp(ctx: Call, input: RampRef) -> Ramp:
    """Go on with a paused ramp; the step's time begins anew."""
    return await ramp.resume(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, NoRamp))
async def cancel_ramp(ctx: Call, input: RampRef) -> Ramp:
    """End the ramp; the split stays as it is."""
    return await ramp.cancel(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def ramps(ctx: Call, input: GroupRef) -> list[Ramp]:
    """A group's ramps with every decision and its figures, newest first."""
    return await ramp.ramps(ctx.work, input)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def replay_routing(ctx: Call, input: ReplayRouting) -> RoutingReplay:
    """Recompute from the phases' history who had to answer each logged prediction, and compare with who did."""
    return await routing_replay.replay_routing(ctx.work, input)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound, NoSupport))
async def estimate_split(ctx: Call, input: EstimateSplit) -> SplitEstimate:
    """What another split would have given, before it is tried."""
    return await split_estimate.estimate_split(ctx.work, input)
