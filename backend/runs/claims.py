"""A worker's claim on a run. Each claim has an epoch, and every write of its holder carries it."""

import enum
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from uuid import UUID

from backend.actor import Actor
from backend.db.locks import lock
from backend.hub import Hub
from backend.runs import repository
from backend.runs.errors import ClaimLost
from backend.work.unit import UnitOfWork

HEARTBEAT = timedelta(seconds=5)
"""How often a worker renews its claims."""
RUN_LEASE = 2 * HEARTBEAT
"""A run that nobody renewed for this long has lost its worker."""


class Stop(enum.StrEnum):
    """The reason to cancel a handler."""

    PERSON = "cancelled by a person"
    TIMEOUT = "timed out"
    SHUTDOWN = "worker shutting down"
    TAKEN_OVER = "taken over by another worker"


@dataclass(frozen=True)
class Claim:
    """One claim of a run by a worker."""

    tenant_id: UUID
    run_id: UUID
    epoch: int
    worker_id: str


@dataclass(frozen=True)
class ClaimedHub(Hub):
    """The hub for a handler: writing units of work are refused once the claim is lost."""

    claim: Claim | None = None

    @classmethod
    def of(cls, hub: Hub, claim: Claim) -> "ClaimedHub":
        """Return the same handles, for the holder of the claim."""
        return cls(**{one.name: getattr(hub, one.name) for one in fields(Hub)}, claim=claim)

    def work(self, actor: Actor, read_only: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work. Raises ClaimLost when it would write and the claim is lost."""
        opened = super().work(actor, read_only)
        return opened if read_only or self.claim is None else _held(opened, self.claim)


@asynccontextmanager
async def _held(opening: AbstractAsyncContextManager[UnitOfWork], claim: Claim) -> AsyncIterator[UnitOfWork]:
    async with opening as work:
        await hold(work, claim)
        yield work


async def hold(work: UnitOfWork, claim: Claim) -> None:
    """Keep other workers from claiming the run until this transaction ends. Raises ClaimLost."""
    await lock(work.session, lock_name(claim.run_id), shared=True)
    held = await repository.held(work.session, [claim.run_id], [claim.epoch])
    if claim.run_id not in held:
        raise ClaimLost


def lock_name(run_id: UUID) -> str:
    """Return the name of the advisory lock that claims take alone and holders share."""
    return f"run:{run_id}"
