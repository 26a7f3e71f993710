"""Arithmetic of a tenant's audit chain: entries, their hashes, and their links."""

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
"""Integers from here on are not exact in JSON (RFC 8785 §3.2.2.3), so they are written as strings."""


def plain(value: Shape | Json) -> Json:
    """Return JSON's own types only. Integers beyond 2^53 become strings, because RFC 8785 has no others."""
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
    """Return a value from PostgreSQL in the form in which it was hashed.

    A number beyond 2^53 was written as a float (an integer would be a string), and PostgreSQL returns all its digits.

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
    """Return the bytes of an entry without its hash, in RFC 8785 canonical form (JSON Canonicalization Scheme)."""
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
    """Return the SHA-256, hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def seal(key: str, *parts: object) -> str:
    """Return the HMAC-SHA-256, hexadecimal, of some parts under the hub's secret key. The database's owner does not know that key."""
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
    """Return the next entry of a chain, and its hashed bytes."""
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
