"""Alerts of runs: a hub without a worker."""

from collections.abc import Sequence

from backend.declarations.alerts import AlertKind, Finding
from backend.runs import service
from backend.work.unit import UnitOfWork
from schemas.alerts import Severity

NO_WORKER = AlertKind(
    "worker.none",
    Severity.CRITICAL,
    "No worker is alive.",
    "Start one with `tiltyard worker`; it then works off what has waited.",
)
"""Found by the API processes: a worker cannot tell of its own absence."""


async def without_worker(work: UnitOfWork) -> Sequence[Finding]:
    """A finding for every tenant, if no worker of the hub is alive."""
    if any(worker.alive for worker in await service.workers(work)):
        return []
    message = "No worker is alive. Predictions are answered and on record, but not moved to their tables, explained, or compared."
    return [NO_WORKER.found("hub", message)]
