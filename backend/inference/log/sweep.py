"""What the drain is not asked for: groups with a backlog, and rows written without their explanation."""

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from backend.inference import log_queries, repository
from backend.inference.log.drain import log_refs
from backend.inference.log.explain import Explainer, by_version
from backend.inference.log.record import stream_key
from backend.inference.log.writer import LogRef
from schemas.inference import Explanation

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.drain")
BATCH = 500
SECONDS = 3.0


async def waiting_groups(hub: "Hub") -> list[UUID]:
    """The groups whose streams hold something."""
    refs = await log_refs(hub)
    if not refs:
        return []
    async with hub.redis.pipeline(transaction=False) as pipe:
        for ref in refs:
            pipe.xlen(stream_key(ref.group_id))
        lengths = await pipe.execute()
    return [ref.group_id for ref, length in zip(refs, lengths, strict=True) if length]


async def explain_missing(hub: "Hub", explainer: Explainer) -> int:
    """Explain rows that were written directly, or whose explanation failed or found no time; how many got theirs.

    What fails a second time is marked with the reason, so that it does not stand before the others for ever.
    """
    return sum([await _explain_group(hub, explainer, ref) for ref in await log_refs(hub)])


async def _explain_group(hub: "Hub", explainer: Explainer, ref: LogRef) -> int:
    async with hub.work(ref.actor) as work:
        rows = await log_queries.unexplained(work.session, ref.table_name, BATCH)
        if not rows or not await repository.try_lock(work.session, f"explain:{ref.group_id}"):
            return 0
        cases = by_version([(row.model_version_id, (row.inference_id, row.inputs)) for row in rows])
        explained = await explainer.explain(work, cases, SECONDS)
        for mine in cases.values():
            if not any(identifier in explained for identifier, _ in mine):
                explained |= {identifier: _none() for identifier, _ in mine}
        await log_queries.set_explanations(work.session, ref.table_name, explained, hub.clock.now())
        return len(explained)


def _none() -> Explanation:
    reason = "the version does not explain this inference: see the worker's log"
    return Explanation(method="none", exact=False, space="value", base=0.0, values={}, residual=0.0, reason=reason)
