"""What a unit of work writes into its tenant's audit chain, and the chain's arithmetic."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import rfc8785
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import lock
from schemas.audit import AuditEntry
from schemas.common import Json, Shape

GENESIS = "0" * 64

HEAD = "SELECT seq, hash FROM audit_entries WHERE tenant_id = :tenant ORDER BY seq DESC LIMIT 1"

ADD = """
INSERT INTO audit_entries (tenant_id, seq, at, actor, actor_id, action, subject, before, after, prev_hash, hash)
VALUES (:tenant_id, :seq, :at, :actor, :actor_id, :action, :subject, CAST(:before AS jsonb), CAST(:after AS jsonb), :prev_hash, :hash)
"""


def plain(value: Shape | Json) -> Json:
    """JSON's own types only, as PostgreSQL will give them back; integers past 2^53 become strings (RFC 8785 has no others)."""
    return _narrow(msgspec.to_builtins(value, builtin_types=()))


def _narrow(value: Json) -> Json:
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if abs(value) < 2**53 else str(value)
        case float():
            return int(value) if value.is_integer() and abs(value) < 2**53 else value
        case dict():
            return {str(key): _narrow(item) for key, item in value.items()}
        case _:
            return [_narrow(item) for item in value]


def entry_hash(entry: AuditEntry) -> str:
    """SHA-256, hexadecimal, of the entry without its hash in RFC 8785 canonical form (JSON Canonicalization Scheme)."""
    fields = {name: getattr(entry, name) for name in entry.__struct_fields__ if name != "hash"}
    fields["at"] = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(rfc8785.dumps(plain(fields))).hexdigest()


class PendingEntry(Shape, frozen=True, kw_only=True):
    """A change that waits for its place in the chain."""

    actor: str
    actor_id: UUID | None = None
    action: str
    subject: str
    before: Json = None
    after: Json = None


def link(seq: int, prev_hash: str, at: datetime, pending: PendingEntry) -> AuditEntry:
    """The next entry of a chain."""
    entry = AuditEntry(
        seq=seq,
        at=at,
        actor=pending.actor,
        actor_id=pending.actor_id,
        action=pending.action,
        subject=pending.subject,
        before=pending.before,
        after=pending.after,
        prev_hash=prev_hash,
        hash="",
    )
    return msgspec.structs.replace(entry, hash=entry_hash(entry))


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
