"""Promotions and ramps: all SQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.promotion.tables import RampDecisionRow, RampRow

PROMOTIONS = """
SELECT p.*, old.version AS from_number, new.version AS to_number
FROM promotions p JOIN published_versions old ON old.id = p.from_version JOIN published_versions new ON new.id = p.to_version
WHERE p.tenant_id = :tenant AND p.group_id = :group ORDER BY p.phase DESC
"""

RAMPS = """
SELECT r.*, g.slug, v.model_name, v.version
FROM ramps r JOIN published_groups g ON g.id = r.group_id JOIN published_versions v ON v.id = r.version_id
WHERE r.tenant_id = :tenant AND {where} ORDER BY r.started_at DESC LIMIT 50
"""


async def running_ramps(session: AsyncSession) -> Sequence[Row[Any]]:
    """Return every tenant's running ramps: `(ramp_id, tenant_id)`."""
    return (await session.execute(text("SELECT * FROM running_ramps()"))).all()


async def ramp(session: AsyncSession, tenant_id: UUID, ramp_id: UUID) -> RampRow | None:
    """Return one ramp."""
    return (await session.execute(select(RampRow).where(RampRow.tenant_id == tenant_id, RampRow.id == ramp_id))).scalar_one_or_none()


async def open_ramp(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> RampRow | None:
    """Return a group's running or paused ramp."""
    query = select(RampRow).where(RampRow.tenant_id == tenant_id, RampRow.group_id == group_id, RampRow.state.in_(("running", "paused")))
    return (await session.execute(query)).scalar_one_or_none()


async def ramps(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """Return a group's ramps with their version's name, newest first."""
    return (await session.execute(text(RAMPS.format(where="r.group_id = :group")), {"tenant": tenant_id, "group": group_id})).all()


async def rolled_back(session: AsyncSession, tenant_id: UUID) -> Sequence[Row[Any]]:
    """Return ramps that rolled back, if nobody has opened a phase since."""
    statement = text(RAMPS.format(where="r.state = 'rolled_back' AND g.phase = r.phase AND g.deleted_at IS NULL"))
    return (await session.execute(statement, {"tenant": tenant_id})).all()


async def decisions(session: AsyncSession, tenant_id: UUID, ramp_ids: Sequence[UUID]) -> Sequence[RampDecisionRow]:
    """Return the decisions of ramps, in order."""
    query = select(RampDecisionRow).where(RampDecisionRow.tenant_id == tenant_id, RampDecisionRow.ramp_id.in_(ramp_ids)).order_by(RampDecisionRow.number)
    return (await session.execute(query)).scalars().all()


async def promotions(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """Return past promotions, newest first."""
    return (await session.execute(text(PROMOTIONS), {"tenant": tenant_id, "group": group_id})).all()
