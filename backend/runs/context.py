"""What a handler gets: a claimed run, or a schedule's tick."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from backend.actor import Actor
from backend.hub import Hub
from backend.runs import holding
from backend.runs.claims import Claim, Stop
from backend.runs.errors import ClaimLost
from backend.runs.process import Process
from schemas.common import Json
from schemas.runs import Run


class Stopping:
    """Says whether a run must stop, and why."""

    reason: Stop | None = None


@dataclass(frozen=True)
class RunContext:
    """A claimed run for its handler: its arguments, its tenant, and its progress.

    `hub` writes only while this worker holds the run; afterwards its units of work raise ClaimLost. A run that must stop gets a CancelledError; `stopped` then
    has the reason.
    """

    hub: Hub
    actor: Actor
    run: Run
    args: dict[str, Json]
    claim: Claim
    process: Process = field(default_factory=Process)
    stopping: Stopping = field(default_factory=Stopping)

    @property
    def stopped(self) -> Stop | None:
        """Why the run must stop; None while it may continue."""
        return self.stopping.reason

    async def progress(self, percent: float, stage: str) -> None:
        """Report the run's progress. Raises ClaimLost."""
        async with self.hub.work(self.actor) as work:
            if not await holding.progress(work, self.claim, percent, stage):
                raise ClaimLost


@dataclass(frozen=True)
class Tick:
    """One tick of a schedule. `at` is the time in the cron expression, not the handler's start."""

    hub: Hub
    actor: Actor
    at: datetime
    process: Process
    tenant_id: UUID | None = None
