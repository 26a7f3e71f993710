"""Promotion, rollback and ramps."""

from backend.access.permissions import P
from backend.catalog.errors import VersionNotFound
from backend.comparison.errors import EvidenceAway
from backend.groups.errors import (
    GateNotMet,
    GroupNotFound,
    InvalidRamp,
    InvalidSplit,
    NoRamp,
    NotAChallenger,
    NothingToRestore,
    RampUnderWay,
    RefusalsExpected,
    StaleEvidence,
    StalePhase,
    VersionNotReady,
    VersionNotWarm,
)
from backend.promotion import impact as impacts
from backend.promotion import promote as promoting
from backend.promotion import ramp
from backend.promotion import rollback as restoring
from rpc.core import Router
from rpc.host import Call
from schemas.groups import Group, GroupRef, Rollback
from schemas.promotion import EstimateImpact, Promote, Promotion, PromotionRecord, ServingImpact
from schemas.ramps import Ramp, RampRef, StartRamp

groups = Router("groups")


@groups.mutation(permission=P.GROUP_GROUP_PROMOTE, errors=(GroupNotFound, StaleEvidence, EvidenceAway, NotAChallenger, GateNotMet, RefusalsExpected))
async def promote(ctx: Call, input: Promote) -> Promotion:
    """Make a challenger the champion, on the evidence shown."""
    return await promoting.promote(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound, VersionNotFound))
async def impact(ctx: Call, input: EstimateImpact) -> list[ServingImpact]:
    """Count the last week's requests that each version could not answer, because they lack a required feature."""
    return await impacts.estimate(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def promotions(ctx: Call, input: GroupRef) -> list[PromotionRecord]:
    """Return past promotions, newest first, each with its evidence."""
    return await promoting.list_promotions(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_PROMOTE, errors=(GroupNotFound, StalePhase, NothingToRestore, VersionNotWarm, GateNotMet))
async def rollback(ctx: Call, input: Rollback) -> Group:
    """Restore the earlier champion with its threshold."""
    return await restoring.rollback(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, StalePhase, RampUnderWay, InvalidRamp, InvalidSplit, VersionNotReady, GateNotMet))
async def start_ramp(ctx: Call, input: StartRamp) -> Ramp:
    """Raise a challenger's share in steps, each with its conditions. A broken guardrail returns the share to the champion."""
    return await ramp.start(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, NoRamp))
async def pause_ramp(ctx: Call, input: RampRef) -> Ramp:
    """Hold the ramp's step."""
    return await ramp.pause(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, NoRamp, GateNotMet))
async def resume_ramp(ctx: Call, input: RampRef) -> Ramp:
    """Resume a paused ramp; the step's time begins anew."""
    return await ramp.resume(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, NoRamp))
async def cancel_ramp(ctx: Call, input: RampRef) -> Ramp:
    """End the ramp; the split stays as it is."""
    return await ramp.cancel(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def ramps(ctx: Call, input: GroupRef) -> list[Ramp]:
    """Return a group's ramps with every decision and its figures, newest first."""
    return await ramp.ramps(ctx.work, input)
