"""Prometheus series of runs."""

from prometheus_client import Counter, Gauge, Histogram

from backend.actor import ANONYMOUS
from backend.declarations.metrics import LONG_SECONDS, REGISTRY
from backend.hub import Hub
from backend.runs import service

JOB_TRIGGERS = Counter("batch_job_triggers", "Runs that this worker began.", ("batch_job",), registry=REGISTRY)
JOB_SECONDS = Histogram("batch_job_duration_seconds", "How long runs took in this worker.", ("job_name", "result"), registry=REGISTRY, buckets=LONG_SECONDS)
WORKERS = Gauge("tiltyard_workers_alive", "Workers of the hub that are alive.", registry=REGISTRY)


async def sample(hub: Hub) -> None:
    """Count the living workers."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        WORKERS.set(sum(worker.alive for worker in await service.workers(work)))
