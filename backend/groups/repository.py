"""Groups: all SQL."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.groups.tables import GroupRow, PhaseRow

MEMBERS = """
SELECT b.*, m.name AS model_name, m.slug AS model_slug, v.version
FROM members b JOIN versions v ON v.id = b.version_id JOIN models m ON m.id = v.model_id
WHERE b.tenant_id = :tenant AND b.group_id = ANY(:groups) {where}
ORDER BY b.phase, array_position(ARRAY['champion', 'challenger', 'shadow'], b.role), b.share DESC, v.version
"""

PROMOTIONS = """
SELECT p.*, old.version AS from_number, new.version AS to_number
FROM promotions p JOIN versions old ON old.id = p.from_version JOIN versions new ON new.id = p.to_version
WHERE p.tenant_id = :tenant AND p.group_id = :group ORDER BY p.phase DESC
"""


async def groups(session: AsyncSession, tenant_id: UUID) -> Sequence[GroupRow]:
    """Groups by slug."""
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.deleted_at.is_(None)).order_by(GroupRow.slug)
    return (await session.execute(query)).scalars().all()


async def group(session: AsyncSession, tenant_id: UUID, slug: str, lock: bool = False) -> GroupRow | None:
    """One group; locked, no rival change can be under way."""
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.slug == slug, GroupRow.deleted_at.is_(None))
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def phases(session: AsyncSession, tenant_id: UUID, group_ids: Sequence[UUID]) -> Sequence[PhaseRow]:
    """The phases of groups, newest first."""
    query = select(PhaseRow).where(PhaseRow.tenant_id == tenant_id, PhaseRow.group_id.in_(group_ids)).order_by(PhaseRow.number.desc())
    return (await session.execute(query)).scalars().all()


async def members(session: AsyncSession, tenant_id: UUID, group_ids: Sequence[UUID], phase: int | None = None) -> Sequence[Row[Any]]:
    """Members with their models' names, champion first; of one phase, or all."""
    statement = text(MEMBERS.format(where="" if phase is None else "AND b.phase = :phase"))
    values = {"tenant": tenant_id, "groups": list(group_ids)} | ({} if phase is None else {"phase": phase})
    return (await session.execute(statement, values)).all()


async def promotions(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> Sequence[Row[Any]]:
    """Past promotions, newest first."""
    return (await session.execute(text(PROMOTIONS), {"tenant": tenant_id, "group": group_id})).all()
