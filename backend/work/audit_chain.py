"""The arithmetic of a tenant's audit chain: entries, their hashes, and how one links to the next."""

import hashlib
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import rfc8785

from schemas.audit import AuditEntry
from schemas.common import Json, Shape

GENESIS = "0" * 64


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
