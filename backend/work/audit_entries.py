"""Writes a tenant's audit entries at the end of a unit of work."""

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
INSERT INTO audit_entries (tenant_id, seq, at, actor, actor_id, action, subject, before, after, prev_hash, hash, canonical)
VALUES (:tenant_id, :seq, :at, :actor, :actor_id, :action, :subject, CAST(:before AS jsonb), CAST(:after AS jsonb), :prev_hash, :hash, :canonical)
"""


async def append(session: AsyncSession, tenant_id: UUID, at: datetime, pending: list[PendingEntry]) -> tuple[int, str]:
    """Write the entries. Return the number and hash of the last. A failure fails the change too: no change without its entry."""
    seq, head = await _lock_head(session, tenant_id)
    rows = []
    for change in pending:
        entry, content = link(seq + 1, head, at, change)
        seq, head = entry.seq, entry.hash
        rows.append(_row(tenant_id, entry, content))
    await session.execute(text(ADD), rows)
    return seq, head


async def _lock_head(session: AsyncSession, tenant_id: UUID) -> tuple[int, str]:
    """Return the last number and hash, locked until the transaction ends, so that the next entry has no rival."""
    await lock(session, f"audit:{tenant_id}")
    row = (await session.execute(text(HEAD), {"tenant": tenant_id})).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _row(tenant_id: UUID, entry: AuditEntry, content: bytes) -> dict[str, object]:
    given = msgspec.structs.asdict(entry)
    return {**given, "tenant_id": tenant_id, "before": _json(entry.before), "after": _json(entry.after), "canonical": content}


def _json(value: Json) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
