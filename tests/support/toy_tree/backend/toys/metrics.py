"""Prometheus series of toys."""

from prometheus_client import Gauge

from backend.declarations.metrics import REGISTRY
from backend.hub import Hub

TICKS_KEY = "toys:ticks"
TICKS = Gauge("tiltyard_toy_ticks", "Ticks of the schedule of toys.", registry=REGISTRY)


async def sample(hub: Hub) -> None:
    """Read the count."""
    TICKS.set(int(await hub.redis.get(TICKS_KEY) or 0))
