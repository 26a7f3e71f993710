"""Prometheus series of runs."""

from prometheus_client import Counter, Gauge, Histogram

from backend.actor import ANONYMOUS
from backend.declarations.metrics import LONG_SECONDS, REGISTRY
from backend.hub import Hub
from backend.runs import service
from backend.runs.kinds import Queue

JOB_TRIGGERS = Counter("batch_job_triggers", "Runs that this worker began.", ("batch_job",), registry=REGISTRY)
JOB_SECONDS = Histogram("batch_job_duration_seconds", "How long runs took in this worker.", ("job_name", "result"), registry=REGISTRY, buckets=LONG_SECONDS)
WORKERS = Gauge("tiltyard_workers_alive", "Workers of the hub that are alive.", registry=REGISTRY)
OPEN_RUNS = Gauge("tiltyard_open_runs", "Runs of all tenants that have not ended, by state.", ("status",), registry=REGISTRY)
ENDED_RUNS = Gauge("tiltyard_runs_ended_last_hour", "Runs of all tenants that ended in the last hour, by state.", ("status",), registry=REGISTRY)
QUEUE_DEPTH = Gauge("tiltyard_queue_depth", "Jobs in Redis that wait or are being carried out, by queue.", ("queue",), registry=REGISTRY)


async def sample(hub: Hub) -> None:
    """Count living workers and runs in PostgreSQL, then the queues in Redis."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        WORKERS.set(sum(worker.alive for worker in await service.workers(work)))
        for series, counts in zip((OPEN_RUNS, ENDED_RUNS), await service.states(work), strict=True):
            for status, count in counts.items():
                series.labels(str(status)).set(count)
    for queue, depth in zip(Queue, await hub.queue.depths(list(Queue)), strict=True):
        QUEUE_DEPTH.labels(str(queue)).set(depth)
