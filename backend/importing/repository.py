"""All SQL of drafts, mappings and sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import load_only

from backend.importing.tables import DraftRow, ImportRow, MappingRow, SharingRow

DUPLICATES = """
SELECT v.id AS version_id, v.model_name, v.model_slug, v.version, i.imported_at FROM imports i JOIN published_versions v ON v.id = i.version_id
WHERE i.tenant_id = :tenant AND i.sha256 = :sha256 ORDER BY i.imported_at DESC LIMIT 20
"""


async def draft(session: AsyncSession, tenant_id: UUID, draft_id: UUID, now: datetime, lock: bool = False) -> DraftRow | None:
    """Return a draft that has not expired."""
    query = select(DraftRow).where(DraftRow.tenant_id == tenant_id, DraftRow.id == draft_id, DraftRow.expires_at > now)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def keep_newest(session: AsyncSession, tenant_id: UUID, most: int, now: datetime) -> None:
    """Remove the tenant's expired drafts, and the oldest beyond this number."""
    kept = select(DraftRow.id).where(DraftRow.tenant_id == tenant_id, DraftRow.expires_at > now).order_by(DraftRow.created_at.desc()).limit(most)
    gone = delete(DraftRow).where(DraftRow.tenant_id == tenant_id, DraftRow.id.not_in(kept))
    await session.execute(gone.execution_options(synchronize_session=False))


async def remove_draft(session: AsyncSession, tenant_id: UUID, draft_id: UUID) -> bool:
    """Remove a draft and return whether it was there."""
    gone = delete(DraftRow).where(DraftRow.tenant_id == tenant_id, DraftRow.id == draft_id).returning(DraftRow.id)
    return (await session.execute(gone)).first() is not None


async def prune(session: AsyncSession) -> int:
    """Remove all expired drafts of all tenants, and return their number."""
    return int((await session.execute(text("SELECT prune_import_drafts()"))).scalar_one())


async def duplicates(session: AsyncSession, tenant_id: UUID, sha256: str) -> Sequence[Row[Any]]:
    """Return the versions from exactly these bytes, the latest first."""
    return (await session.execute(text(DUPLICATES), {"tenant": tenant_id, "sha256": sha256})).all()


async def source(session: AsyncSession, tenant_id: UUID, version_id: UUID, content: bool = False) -> ImportRow | None:
    """Return a version's source; its bytes only on request."""
    query = select(ImportRow).where(ImportRow.tenant_id == tenant_id, ImportRow.version_id == version_id)
    if not content:
        query = query.options(load_only(ImportRow.record, ImportRow.imported_by, ImportRow.imported_at))
    return (await session.execute(query)).scalar_one_or_none()


async def sharing(session: AsyncSession, tenant_id: UUID) -> SharingRow | None:
    """Return the tenant's choice of what language models see."""
    return (await session.execute(select(SharingRow).where(SharingRow.tenant_id == tenant_id))).scalar_one_or_none()


async def mappings(session: AsyncSession, tenant_id: UUID, revoked: bool) -> Sequence[MappingRow]:
    """Return the tenant's mappings, the latest used first."""
    query = select(MappingRow).where(MappingRow.tenant_id == tenant_id)
    if not revoked:
        query = query.where(MappingRow.revoked_at.is_(None))
    return (await session.execute(query.order_by(MappingRow.last_used_at.desc().nulls_last(), MappingRow.id.desc()))).scalars().all()


async def mapping(session: AsyncSession, tenant_id: UUID, mapping_id: UUID, lock: bool = False) -> MappingRow | None:
    """Return one mapping."""
    query = select(MappingRow).where(MappingRow.tenant_id == tenant_id, MappingRow.id == mapping_id)
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def mapping_for(session: AsyncSession, tenant_id: UUID, fingerprint: str, lock: bool = False) -> MappingRow | None:
    """Return the mapping for files of this shape."""
    query = select(MappingRow).where(MappingRow.tenant_id == tenant_id, MappingRow.fingerprint == fingerprint, MappingRow.revoked_at.is_(None))
    return (await session.execute(query.with_for_update() if lock else query)).scalar_one_or_none()


async def note_use(session: AsyncSession, tenant_id: UUID, mapping_id: UUID, now: datetime) -> None:
    """Record that the mapping read a file."""
    mine = update(MappingRow).where(MappingRow.tenant_id == tenant_id, MappingRow.id == mapping_id)
    await session.execute(mine.values(times_used=MappingRow.times_used + 1, last_used_at=now).execution_options(synchronize_session=False))
