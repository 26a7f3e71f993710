"""Work that no drain requests: groups with a backlog, and rows written without their explanation."""

import logging
from uuid import UUID

from backend.db.locks import try_lock
from backend.hub import Hub
from backend.inference_log import queries as log_queries
from backend.inference_log.explanations.explain import Explainer, by_version
from backend.inference_log.explanations.residual_events import tell_doubts
from backend.inference_log.redis.keys import stream_key
from backend.inference_log.refs import LogRef, log_refs

log = logging.getLogger("tiltyard.drain")
BATCH = 5000
EXPLAIN_SECONDS = 3.0


async def waiting_groups(hub: Hub) -> list[UUID]:
    """Return the groups with entries in their streams."""
    refs = await log_refs(hub)
    if not refs:
        return []
    async with hub.redis.pipeline(transaction=False) as pipe:
        for ref in refs:
            pipe.xlen(stream_key(ref.group_id))
        lengths = await pipe.execute()
    return [ref.group_id for ref, length in zip(refs, lengths, strict=True) if length]


async def explain_missing(hub: Hub, explainer: Explainer) -> int:
    """Explain rows that were written directly, or that found no time. Return their number, without those of paused versions."""
    found = 0
    for ref in await log_refs(hub):
        try:
            found += await _explain(hub, explainer, ref)
        except Exception:  # one group's log may have just been dropped; explain the others all the same
            log.exception("the log of group %s could not be swept", ref.slug)
    return found


async def explain_group(hub: Hub, explainer: Explainer, group_id: UUID) -> int:
    """Explain the missing rows of one group. Return their number."""
    return sum([await _explain(hub, explainer, ref) for ref in await log_refs(hub) if ref.group_id == group_id])


async def _explain(hub: Hub, explainer: Explainer, ref: LogRef) -> int:
    async with hub.work(ref.actor) as work:
        rows = await log_queries.unexplained(work.session, ref.table_name, explainer.paused, BATCH)
        if not rows or not await try_lock(work.session, f"explain:{ref.group_id}"):
            return len(rows)
        cases = by_version([(row.model_version_id, (row.inference_id, row.inputs, None)) for row in rows])
        explained = await explainer.explain(work, cases, EXPLAIN_SECONDS)
        tell_doubts(work, ref.slug, explained.values())
        await log_queries.set_explanations(work.session, ref.table_name, explained, hub.clock.now())
        return len(rows)
