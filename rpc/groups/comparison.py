"""Evidence from the log: the contenders side by side, and checks of a split."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from backend.access.permissions import P
from backend.comparison import live, routing_replay, split_estimate
from backend.comparison import service as comparing
from backend.comparison.service import PhaseNotFound
from backend.comparison.split_estimate import NoSupport
from backend.groups.errors import GroupNotFound
from rpc.core import Router, Tracked
from rpc.host import Call
from schemas.promotion import CompareGroup, Comparison
from schemas.ramps import EstimateSplit, ReplayRouting, RoutingReplay, SplitEstimate

groups = Router("groups")


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound))
async def comparison(ctx: Call, input: CompareGroup) -> Comparison:
    """Return the contenders side by side within one phase. Its `evidence_id` is valid for a promotion for five minutes."""
    return await comparing.compare(ctx.work, input.slug, input.phase, exact=input.exact, pooled=input.pooled)


@groups.subscription(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound))
async def on_comparison(ctx: Call, input: CompareGroup) -> AsyncIterator[Tracked[Comparison]]:
    """Send the comparison now, and again whenever predictions or outcomes arrive in it, at most once a second."""
    async with aclosing(live.comparisons(ctx.hub, ctx.actor, input)) as shown:
        async for seq, found in shown:
            yield Tracked(str(seq), found)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def replay_routing(ctx: Call, input: ReplayRouting) -> RoutingReplay:
    """Recompute from the phases' history which version had to answer each logged prediction, and compare it with the one that did."""
    return await routing_replay.replay_routing(ctx.work, input)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound, NoSupport))
async def estimate_split(ctx: Call, input: EstimateSplit) -> SplitEstimate:
    """Estimate the result of another split, before it is tried."""
    return await split_estimate.estimate_split(ctx.work, input)
