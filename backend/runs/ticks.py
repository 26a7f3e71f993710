"""Ticks of schedules: one worker claims each, through a unique row."""

from datetime import datetime
from uuid import UUID

from backend.runs import tick_repository
from backend.work.unit import UnitOfWork

HUB_SCOPE = "hub"


async def claim(work: UnitOfWork, schedule: str, tenant_id: UUID | None, tick: datetime, worker_id: str) -> bool:
    """Claim a tick; False when another worker has it, or it is not due by the hub's time."""
    return await tick_repository.claim(work.session, schedule, scope_of(tenant_id), tick, worker_id)


async def newest(work: UnitOfWork, schedule: str, tenant_id: UUID | None) -> datetime | None:
    """Return the newest claimed tick."""
    return await tick_repository.newest(work.session, schedule, scope_of(tenant_id))


async def prune(work: UnitOfWork) -> int:
    """Remove ticks that are six hours old and not their schedule's newest. Return their number."""
    return await tick_repository.prune(work.session)


async def zones(work: UnitOfWork) -> dict[UUID | None, str | None]:
    """Return every tenant's time zone; None means the hub's."""
    return await tick_repository.zones(work.session)


def scope_of(tenant_id: UUID | None) -> str:
    """Return the owner of the tick as stored in the row: `hub`, or a tenant's id."""
    return HUB_SCOPE if tenant_id is None else str(tenant_id)
