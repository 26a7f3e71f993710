"""Groups: a champion and its challengers behind one endpoint."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from backend.access.permissions import P
from backend.comparison import live
from backend.comparison import service as comparing
from backend.comparison.errors import EvidenceAway
from backend.comparison.service import PhaseNotFound
from backend.groups import delete as deletion
from backend.groups import log_policy, service
from backend.groups.errors import (
    GateNotMet,
    GroupNotFound,
    GroupSlugTaken,
    InvalidSplit,
    LegalHold,
    NotAChallenger,
    NotConfirmed,
    StaleEvidence,
    StalePhase,
    VersionNotReady,
)
from backend.promotion import promote as promotion
from rpc.core import Router, Tracked
from rpc.host import Call
from schemas.groups import CreateGroup, DeleteGroup, Deletion, Group, GroupRef, Phase, SetLegalHold, SetRetention, SetSplit, SetWhenUnlogged
from schemas.promotion import CompareGroup, Comparison, Promote, Promotion, PromotionRecord

groups = Router("groups")


@groups.query(permission=P.GROUP_GROUP_READ)
async def list_(ctx: Call) -> list[Group]:
    """Groups by slug, each in its current phase."""
    return await service.list_groups(ctx.work)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def get(ctx: Call, input: GroupRef) -> Group:
    """One group."""
    return await service.get(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(InvalidSplit, VersionNotReady, GroupSlugTaken))
async def create(ctx: Call, input: CreateGroup) -> Group:
    """A new group with its endpoint and its own log table."""
    return await service.create(ctx.work, input)


@groups.mutation(permission=P.GROUP_GROUP_WRITE, errors=(GroupNotFound, InvalidSplit, VersionNotReady, StalePhase))
async def set_split(ctx: Call, input: SetSplit) -> Group:
    """Open a phase with new roles and shares. Only the buckets that change hands move."""
    return await service.set_split(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def phases(ctx: Call, input: GroupRef) -> list[Phase]:
    """Every phase, the current one first."""
    return await service.list_phases(ctx.work, input)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound))
async def comparison(ctx: Call, input: CompareGroup) -> Comparison:
    """The contenders side by side within one phase. Its `evidence_id` is good for a promotion for five minutes."""
    return await comparing.compare(ctx.work, input.slug, input.phase, exact=input.exact, pooled=input.pooled)


@groups.subscription(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound))
async def on_comparison(ctx: Call, input: CompareGroup) -> AsyncIterator[Tracked[Comparison]]:
    """The comparison now, and again whenever predictions or outcomes land in it, once a second at most."""
    async with aclosing(live.comparisons(ctx.hub, ctx.actor, input)) as shown:
        async for seq, found in shown:
            yield Tracked(str(seq), found)


@groups.mutation(permission=P.GROUP_GROUP_PROMOTE, errors=(GroupNotFound, StaleEvidence, EvidenceAway, NotAChallenger, GateNotMet))
async def promote(ctx: Call, input: Promote) -> Promotion:
    """Make a challenger the champion, on the evidence that was shown."""
    return await promotion.promote(ctx.work, input)


@groups.query(permission=P.GROUP_GROUP_READ, errors=(GroupNotFound,))
async def promotions(ctx: Call, input: GroupRef) -> list[PromotionRecord]:
    """Past promotions, newest first, each with its evidence."""
    return await promotion.list_promotions(ctx.work, input)


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


@groups.mutation(permission=P.GROUP_GROUP_DELETE, errors=(GroupNotFound, NotConfirmed, LegalHold))
async def delete(ctx: Call, input: DeleteGroup) -> Deletion:
    """Delete a group: it stops answering at once, and a run archives or drops its log."""
    return await deletion.delete(ctx.work, input)
