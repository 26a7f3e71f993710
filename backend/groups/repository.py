"""Groups: all SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import end_in_silence
from backend.groups.tables import GroupRow, HaltRow, PhaseRow

MEMBERS = """
SELECT b.*, v.model_name, v.model_slug, v.version, v.meaning FROM members b JOIN published_versions v ON v.id = b.version_id
WHERE b.tenant_id = :tenant AND b.group_id = ANY(:groups) {where}
ORDER BY b.phase, array_position(ARRAY['champion', 'challenger', 'shadow'], b.role), b.share DESC, v.version
"""

HALTS = """
SELECT h.*, g.slug, v.model_name, v.version
FROM halts h LEFT JOIN groups g ON g.id = h.group_id LEFT JOIN published_versions v ON v.id = h.version_id
WHERE h.tenant_id = :tenant AND (NOT :in_force OR h.resumed_at IS NULL) AND (CAST(:slug AS text) IS NULL OR g.slug = :slug OR v.id IN (
  SELECT b.version_id FROM members b JOIN groups o ON o.id = b.group_id WHERE o.tenant_id = :tenant AND o.slug = :slug AND o.deleted_at IS NULL))
ORDER BY h.halted_at DESC LIMIT 200
"""


async def groups(session: AsyncSession, tenant_id: UUID) -> Sequence[GroupRow]:
    """Return groups by slug."""
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.deleted_at.is_(None)).order_by(GroupRow.slug)
    return (await session.execute(query)).scalars().all()


async def group(session: AsyncSession, tenant_id: UUID, slug: str, lock: bool = False) -> GroupRow | None:
    """Return one group. With `lock`, no rival change can run. Rows that refer to the group stay writable: a writer cut off in its transaction delays no
    halt.
    """
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.slug == slug, GroupRow.deleted_at.is_(None))
    if lock:
        await end_in_silence(session)
    return (await session.execute(query.with_for_update(key_share=True) if lock else query)).scalar_one_or_none()


async def every(session: AsyncSession, tenant_id: UUID, slug: str, lock: bool = False) -> Sequence[GroupRow]:
    """Return all groups that ever had a slug, deleted ones included, oldest first. They are locked: no rival change can run."""
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.slug == slug).order_by(GroupRow.created_at)
    if lock:
        await end_in_silence(session)
    return (await session.execute(query.with_for_update(key_share=True) if lock else query)).scalars().all()


async def hold_on(session: AsyncSession, tenant_id: UUID, group_id: UUID) -> GroupRow | None:
    """Return a group under a legal hold, deleted or not."""
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.id == group_id, GroupRow.legal_hold.is_not(None))
    return (await session.execute(query)).scalar_one_or_none()


async def phases(session: AsyncSession, tenant_id: UUID, group_ids: Sequence[UUID]) -> Sequence[PhaseRow]:
    """Return the phases of groups, newest first."""
    query = select(PhaseRow).where(PhaseRow.tenant_id == tenant_id, PhaseRow.group_id.in_(group_ids)).order_by(PhaseRow.number.desc())
    return (await session.execute(query)).scalars().all()


async def members(session: AsyncSession, tenant_id: UUID, group_ids: Sequence[UUID], phase: int | None = None) -> Sequence[Row[Any]]:
    """Return members with their models' names, champion first: of one phase, or of all."""
    statement = text(MEMBERS.format(where="" if phase is None else "AND b.phase = :phase"))
    values = {"tenant": tenant_id, "groups": list(group_ids)} | ({} if phase is None else {"phase": phase})
    return (await session.execute(statement, values)).all()


async def loading(session: AsyncSession, version_ids: Sequence[UUID]) -> dict[UUID, tuple[bool, str | None]]:
    """Return for each version whether a living process still loads it, and the reason when one could not."""
    statement = text(
        "SELECT v, routers_preparing(v, interval '600 milliseconds') > 0, routers_failure(v, interval '600 milliseconds') "
        "FROM unnest(CAST(:versions AS uuid[])) AS v"
    )
    return {version: (preparing, failure) for version, preparing, failure in await session.execute(statement, {"versions": list(version_ids)})}


async def halts(session: AsyncSession, tenant_id: UUID, in_force: bool, slug: str | None = None) -> Sequence[Row[Any]]:
    """Return halts, newest first: of all groups and versions, or of one group and its versions."""
    return (await session.execute(text(HALTS), {"tenant": tenant_id, "in_force": in_force, "slug": slug})).all()


async def open_halt(session: AsyncSession, tenant_id: UUID, group_id: UUID | None, version_id: UUID | None) -> HaltRow | None:
    """Return the halt in force of a group or of a version, locked."""
    target = HaltRow.group_id == group_id if group_id else HaltRow.version_id == version_id
    query = select(HaltRow).where(HaltRow.tenant_id == tenant_id, target, HaltRow.resumed_at.is_(None)).with_for_update()
    return (await session.execute(query)).scalar_one_or_none()


async def groups_of(session: AsyncSession, tenant_id: UUID, version_id: UUID) -> list[str]:
    """Return the slugs of the groups with the version in their current phase."""
    statement = text(
        "SELECT g.slug FROM groups g JOIN members b ON b.group_id = g.id AND b.phase = g.phase "
        "WHERE g.tenant_id = :tenant AND g.deleted_at IS NULL AND b.version_id = :version ORDER BY g.slug"
    )
    return list((await session.execute(statement, {"tenant": tenant_id, "version": version_id})).scalars())


async def champion_before(session: AsyncSession, tenant_id: UUID, group_id: UUID, phase: int) -> Row[Any] | None:
    """Return the last phase with another champion than `phase`: its number, champion and threshold."""
    statement = text(
        "SELECT b.version_id, b.phase, p.threshold FROM members b JOIN phases p ON p.group_id = b.group_id AND p.number = b.phase "
        "WHERE b.tenant_id = :tenant AND b.group_id = :group AND b.role = 'champion' AND b.version_id <> ("
        "SELECT n.version_id FROM members n WHERE n.group_id = :group AND n.phase = :phase AND n.role = 'champion') ORDER BY b.phase DESC LIMIT 1"
    )
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id, "phase": phase})).one_or_none()


async def group_by_id(session: AsyncSession, tenant_id: UUID, group_id: UUID, lock: bool = False) -> GroupRow | None:
    """Return one group that is not deleted; with `lock`, locked as by its slug."""
    query = select(GroupRow).where(GroupRow.tenant_id == tenant_id, GroupRow.id == group_id, GroupRow.deleted_at.is_(None))
    if lock:
        await end_in_silence(session)
    return (await session.execute(query.with_for_update(key_share=True) if lock else query)).scalar_one_or_none()


async def provision(session: AsyncSession, group_id: UUID, now: datetime) -> str:
    """Create a group's log table and return its name."""
    return str((await session.execute(text("SELECT provision_log(:group, :now)"), {"group": group_id, "now": now})).scalar_one())


async def shares(session: AsyncSession, tenant_id: UUID, group_id: UUID, phases: Collection[int]) -> Sequence[Row[Any]]:
    """Return the members of some phases with the phase's threshold: phase, version_id, role, share, ranges, threshold."""
    statement = text(
        "SELECT m.phase, m.version_id, m.role, m.share, m.ranges, p.threshold FROM members m "
        "JOIN phases p ON p.group_id = m.group_id AND p.number = m.phase "
        "WHERE m.tenant_id = :tenant AND m.group_id = :group AND m.phase = ANY(CAST(:phases AS int[]))"
    )
    return (await session.execute(statement, {"tenant": tenant_id, "group": group_id, "phases": list(phases)})).all()
