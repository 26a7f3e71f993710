"""Prometheus series of the inference log."""

from prometheus_client import Gauge

from backend.declarations.metrics import REGISTRY
from backend.hub import Hub
from backend.inference_log.redis.keys import dead_key, stream_key
from backend.inference_log.refs import log_refs

BACKLOG = Gauge("tiltyard_log_backlog", "Predictions in the intake that are not yet in their logs, of all groups.", registry=REGISTRY)
DEAD_LETTERS = Gauge("tiltyard_dead_letters", "Entries that cannot be stored, of all groups.", registry=REGISTRY)


async def sample(hub: Hub) -> None:
    """Read the lengths of all intakes and dead letters from Redis."""
    refs = await log_refs(hub)
    async with hub.redis.pipeline(transaction=False) as pipe:
        for ref in refs:
            pipe.xlen(stream_key(ref.group_id))
            pipe.llen(dead_key(ref.group_id))
        lengths = await pipe.execute() if refs else []
    BACKLOG.set(sum(lengths[::2]))
    DEAD_LETTERS.set(sum(lengths[1::2]))
