"""Writing into a tenant's audit chain at the end of a unit of work."""

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import lock
from backend.work.audit_chain import GENESIS, PendingEntry, link
from schemas.audit import AuditEntry
from schemas.common import Json

HEAD = "SELECT seq, hash FROM audit_entries WHERE tenant_id = :tenant ORDER BY seq DESC LIMIT 1"

ADD = """
INSERT INTO audit_entries (tenant_id, seq, at, actor, actor_id, action, subject, before, after, prev_hash, hash)
VALUES (:tenant_id, :seq, :at, :actor, :actor_id, :action, :subject, CAST(:before AS jsonb), CAST(:after AS jsonb), :prev_hash, :hash)
"""


async def lock_head(session: AsyncSession, tenant_id: UUID) -> tuple[int, str] | None:
    """The last sequence number and hash, held until the transaction ends so that the next entry has no rival."""
    await lock(session, f"audit:{tenant_id}")
    row = (await session.execute(text(HEAD), {"tenant": tenant_id})).first()
    return (row.seq, row.hash) if row else None


async def add(session: AsyncSession, tenant_id: UUID, entries: list[AuditEntry]) -> None:
    """Append the entries as they are."""
    rows = [{**msgspec.structs.asdict(entry), "tenant_id": tenant_id, "before": _json(entry.before), "after": _json(entry.after)} for entry in entries]
    await session.execute(text(ADD), rows)


def _json(value: Json) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()


async def append(session: AsyncSession, tenant_id: UUID, at: datetime, pending: list[PendingEntry]) -> None:
    """If this fails the change fails with it: no change without its entry."""
    seq, head = await lock_head(session, tenant_id) or (0, GENESIS)
    entries = []
    for change in pending:
        entry = link(seq + 1, head, at, change)
        seq, head = entry.seq, entry.hash
        entries.append(entry)
    await add(session, tenant_id, entries)
