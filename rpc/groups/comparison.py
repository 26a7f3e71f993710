"""What the log says: the contenders side by side, and what it proves of a split."""

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
    """The contenders side by side within one phase. Its `evidence_id` is good for a promotion for five minutes."""
    return await comparing.compare(ctx.work, input.slug, input.phase, exact=input.exact, pooled=input.pooled)


@groups.subscription(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound))
async def on_comparison(ctx: Call, input: CompareGroup) -> AsyncIterator[Tracked[Comparison]]:
    """The comparison now, and again whenever predictions or outcomes land in it, once a second at most."""
    async with aclosing(live.comparisons(ctx.hub, ctx.actor, input)) as shown:
        async for seq, found in shown:
            yield Tracked(str(seq), found)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound,))
async def replay_routing(ctx: Call, input: ReplayRouting) -> RoutingReplay:
    """Recompute from the phases' history who had to answer each logged prediction, and compare with who did."""
    return await routing_replay.replay_routing(ctx.work, input)


@groups.query(permission=P.INFERENCE_GROUP_READ, errors=(GroupNotFound, PhaseNotFound, NoSupport))
async def estimate_split(ctx: Call, input: EstimateSplit) -> SplitEstimate:
    """What another split would have given, before it is tried."""
    return await split_estimate.estimate_split(ctx.work, input)
