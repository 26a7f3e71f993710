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
    "Start one with `tiltyard worker`. It then works through the waiting runs.",
)
"""API processes find this: a worker cannot report its own absence."""


async def without_worker(work: UnitOfWork) -> Sequence[Finding]:
    """Return a finding for every tenant if the hub has no living worker."""
    if any(worker.alive for worker in await service.workers(work)):
        return []
    message = "No worker is alive. The hub answers and logs predictions, but does not move them to their tables, explain or compare them."
    return [NO_WORKER.found("hub", message)]
