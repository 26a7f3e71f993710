"""Prepares the versions that will serve."""

import msgspec

from backend.actor import system
from backend.hub import Hub
from backend.inference_log.explanations.explain import Explainer
from backend.serving.routing import repository
from backend.serving.routing.table import GroupFacts


async def prepare_serving(hub: Hub, explainer: Explainer, stamp: str) -> str:
    """Start to load and compile the serving versions before their first rows come. Return the routing's stamp, by which a later call sees that nothing
    changed.
    """
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
