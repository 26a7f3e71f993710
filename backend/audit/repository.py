"""All SQL of the audit log."""

from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from backend.audit.rules import ChainRow
from backend.audit.tables import AuditRow
from schemas.audit import AuditEntry


async def newest(session: AsyncSession, tenant_id: UUID, below: int | None, subject: str | None, action: str | None, limit: int) -> list[AuditEntry]:
    """Return entries below a sequence number, newest first, filtered by prefix."""
    query = select(AuditRow).where(AuditRow.tenant_id == tenant_id).order_by(AuditRow.seq.desc()).limit(limit)
    if below is not None:
        query = query.where(AuditRow.seq < below)
    if subject:
        query = query.where(AuditRow.subject.startswith(subject, autoescape=True))
    if action:
        query = query.where(AuditRow.action.startswith(action, autoescape=True))
    return [_entry(row) for row in (await session.execute(query)).scalars()]


async def span(session: AsyncSession, tenant_id: UUID, start: int, end: int | None) -> list[ChainRow]:
    """Entries from `start` up to and including `end`, oldest first."""
    query = select(AuditRow).where(AuditRow.tenant_id == tenant_id, AuditRow.seq >= start).order_by(AuditRow.seq)
    if end is not None:
        query = query.where(AuditRow.seq <= end)
    return [ChainRow(_entry(row), row.canonical) for row in (await session.execute(query)).scalars()]


async def with_action(session: AsyncSession, tenant_id: UUID, action: str) -> list[AuditEntry]:
    """Every entry of one action, oldest first."""
    query = select(AuditRow).where(AuditRow.tenant_id == tenant_id, AuditRow.action == action).order_by(AuditRow.seq)
    return [_entry(row) for row in (await session.execute(query)).scalars()]


async def end(session: AsyncSession, tenant_id: UUID, seq: int) -> tuple[int, str | None]:
    """Return the last entry's number (0 when empty), and the hash of the entry with the given number."""
    last = (await session.execute(select(func.max(AuditRow.seq)).where(AuditRow.tenant_id == tenant_id))).scalar_one()
    there = (await session.execute(select(AuditRow.hash).where(AuditRow.tenant_id == tenant_id, AuditRow.seq == seq))).scalar_one_or_none()
    return last or 0, there


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__struct_fields__})
