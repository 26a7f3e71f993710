"""Prometheus series of alerts."""

from prometheus_client import Gauge

from backend.actor import ANONYMOUS
from backend.alerts import service
from backend.declarations.metrics import REGISTRY
from backend.hub import Hub
from schemas.alerts import Severity

OPEN_ALERTS = Gauge("tiltyard_open_alerts", "Open alerts of all tenants.", ("severity",), registry=REGISTRY)


async def sample(hub: Hub) -> None:
    """Count the open alerts."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        counts = await service.open_by_severity(work)
    for severity in Severity:
        OPEN_ALERTS.labels(str(severity)).set(counts.get(str(severity), 0))
