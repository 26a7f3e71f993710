"""What a handler is given: a claimed run, or a schedule's tick."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from backend.actor import Actor
from backend.hub import Hub
from backend.runs import service
from backend.runs.process import Process
from schemas.common import Json
from schemas.runs import Run


@dataclass(frozen=True)
class Task:
    """A claimed run, for its handler: what to do, for which tenant, and where to say how far it is."""

    hub: Hub
    actor: Actor
    run: Run
    args: dict[str, Json]
    worker_id: str
    process: Process = field(default_factory=Process)

    async def progress(self, percent: float, stage: str) -> None:
        """Say how far the run is."""
        async with self.hub.work(self.actor) as work:
            await service.progress(work, self.run.id, self.worker_id, percent, stage)


@dataclass(frozen=True)
class Tick:
    """One tick of a schedule. `at` is the time in the cron expression, not the time at which the handler began."""

    hub: Hub
    actor: Actor
    at: datetime
    process: Process
    tenant_id: UUID | None = None
