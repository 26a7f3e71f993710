"""Ticks of schedules: each is claimed by one worker, through a unique row."""

from datetime import datetime
from uuid import UUID

from backend.runs import tick_repository
from backend.work.unit import UnitOfWork

HUB_SCOPE = "hub"


async def claim(work: UnitOfWork, schedule: str, tenant_id: UUID | None, tick: datetime, worker_id: str) -> bool:
    """Take a tick; False when another worker has it, or when it has not come by the hub's time."""
    return await tick_repository.claim(work.session, schedule, scope_of(tenant_id), tick, worker_id)


async def newest(work: UnitOfWork, schedule: str, tenant_id: UUID | None) -> datetime | None:
    """The newest tick that was taken."""
    return await tick_repository.newest(work.session, schedule, scope_of(tenant_id))


async def prune(work: UnitOfWork) -> int:
    """Remove ticks that are six hours old and not their schedule's newest; how many."""
    return await tick_repository.prune(work.session)


async def zones(work: UnitOfWork) -> dict[UUID | None, str | None]:
    """Every tenant's time zone; None: the hub's."""
    return await tick_repository.zones(work.session)


def scope_of(tenant_id: UUID | None) -> str:
    """Whose tick it is, as the row has it."""
    return HUB_SCOPE if tenant_id is None else str(tenant_id)
