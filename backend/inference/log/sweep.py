"""What the drain is not asked for: groups with a backlog, and rows written without their explanation."""

import logging
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from backend.access.actor import system
from backend.db.locks import try_lock
from backend.inference import log_queries, repository
from backend.inference.log.doubts import tell_doubts
from backend.inference.log.drain import log_refs
from backend.inference.log.explain import Explainer, by_version
from backend.inference.log.record import stream_key
from backend.inference.log.writer import LogRef
from backend.inference.routing.table import GroupFacts

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.drain")
BATCH = 5000
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


async def prepare_serving(hub: "Hub", explainer: Explainer, stamp: str) -> str:
    """Begin to load and compile what serves, before its first rows come; the routing's stamp, by which a later call knows that nothing changed."""
    async with hub.engine.connect() as connection:
        now = await repository.routing_stamp(connection)
        rows = await repository.routing_table(connection) if now != stamp else None
    if rows is None:
        return now
    groups = msgspec.convert(rows, list[GroupFacts], strict=False)
    explainer.serving = frozenset(one for group in groups for one in (*(member.version_id for member in group.members), *group.keep))
    for group in groups:
        async with hub.work(system(group.tenant_id, "log"), read_only=True) as work:
            for member in group.members:
                await explainer.prepare(work, member.version_id)
    return now


async def explain_missing(hub: "Hub", explainer: Explainer) -> int:
    """Explain rows that were written directly, or whose explanation found no time; how many were found, those aside whose versions are paused."""
    found = 0
    for ref in await log_refs(hub):
        try:
            found += await _explain(hub, explainer, ref)
        except Exception:  # the log of one group may just have been dropped: the others are explained all the same
            log.exception("the log of group %s could not be swept", ref.slug)
    return found


async def explain_group(hub: "Hub", explainer: Explainer, group_id: UUID) -> int:
    """The same for one group."""
    return sum([await _explain(hub, explainer, ref) for ref in await log_refs(hub) if ref.group_id == group_id])


async def _explain(hub: "Hub", explainer: Explainer, ref: LogRef) -> int:
    async with hub.work(ref.actor) as work:
        rows = await log_queries.unexplained(work.session, ref.table_name, explainer.paused, BATCH)
        if not rows or not await try_lock(work.session, f"explain:{ref.group_id}"):
            return len(rows)
        cases = by_version([(row.model_version_id, (row.inference_id, row.inputs, None)) for row in rows])
        explained = await explainer.explain(work, cases, SECONDS)
        tell_doubts(work, ref.slug, explained.values())
        await log_queries.set_explanations(work.session, ref.table_name, explained, hub.clock.now())
        return len(rows)
