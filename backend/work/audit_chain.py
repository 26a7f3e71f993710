"""The arithmetic of a tenant's audit chain: entries, their hashes, and how one links to the next."""

import hashlib
import hmac
from datetime import UTC, datetime
from uuid import UUID

import msgspec
import rfc8785

from schemas.audit import AuditEntry
from schemas.common import Json, Shape

GENESIS = "0" * 64
LARGEST_EXACT = 2**53
"""Integers from here on are not exact in JSON (RFC 8785 §3.2.2.3): they are written as strings."""


def plain(value: Shape | Json) -> Json:
    """JSON's own types only; integers past 2^53 become strings, since RFC 8785 has no others."""
    return _narrow(msgspec.to_builtins(value, builtin_types=()))


def _narrow(value: Json) -> Json:
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if abs(value) < LARGEST_EXACT else str(value)
        case float():
            return int(value) if value.is_integer() and abs(value) < LARGEST_EXACT else value
        case dict():
            return {str(key): _narrow(item) for key, item in value.items()}
        case _:
            return [_narrow(item) for item in value]


def stored(value: Json) -> Json:
    """A value as PostgreSQL gives it back, in the form in which it was hashed.

    A number past 2^53 was a float when it was written (an integer would be a string), and comes back with all its digits.

    >>> stored({"income": 10**16, "rate": 1.0})
    {'income': 1e+16, 'rate': 1}
    """
    match value:
        case bool() | None | str():
            return value
        case int():
            return value if abs(value) < LARGEST_EXACT else float(value)
        case float():
            return _narrow(value)
        case dict():
            return {key: stored(item) for key, item in value.items()}
        case _:
            return [stored(item) for item in value]


def canonical(entry: AuditEntry) -> bytes:
    """The bytes of an entry without its hash, in RFC 8785 canonical form (JSON Canonicalization Scheme)."""
    fields: dict[str, Json] = {
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "actor": entry.actor,
        "actor_id": str(entry.actor_id) if entry.actor_id else None,
        "action": entry.action,
        "subject": entry.subject,
        "before": stored(entry.before),
        "after": stored(entry.after),
        "prev_hash": entry.prev_hash,
    }
    return rfc8785.dumps(fields)


def digest(content: bytes) -> str:
    """SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def seal(key: str, *parts: object) -> str:
    """HMAC-SHA-256, hexadecimal, of some parts under the hub's secret key: who owns the database does not know it."""
    return hmac.new(b"tiltyard audit\0" + key.encode(), "\n".join(map(str, parts)).encode(), hashlib.sha256).hexdigest()


class PendingEntry(Shape, frozen=True, kw_only=True):
    """A change that waits for its place in the chain."""

    actor: str
    actor_id: UUID | None = None
    action: str
    subject: str
    before: Json = None
    after: Json = None


def link(seq: int, prev_hash: str, at: datetime, pending: PendingEntry) -> tuple[AuditEntry, bytes]:
    """The next entry of a chain, and the bytes that its hash is of."""
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
    content = canonical(entry)
    return msgspec.structs.replace(entry, hash=digest(content)), content
