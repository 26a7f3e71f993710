"""Recompute and judge an audit chain."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import msgspec

from backend.work.audit_chain import canonical, digest
from schemas.audit import AuditEntry, AuditVerdict


@dataclass(frozen=True)
class ChainRow:
    """An entry's columns, with the bytes that were hashed. The bytes are None for entries from before they were kept."""

    entry: AuditEntry
    content: bytes | None


@dataclass(frozen=True)
class Anchor:
    """An accepted span: its first and last number, and the digest of its rows at that time."""

    first: int
    last: int
    rows_sha256: str


def rows_digest(rows: Iterable[ChainRow]) -> str:
    """Return the SHA-256, hexadecimal, of all contents of the rows."""
    total = hashlib.sha256()
    for row in rows:
        for part in (canonical(row.entry), row.entry.hash.encode(), row.content or b""):
            total.update(len(part).to_bytes(8, "big") + part)
    return total.hexdigest()


def fits(row: ChainRow) -> bool:
    """Return whether the hash fits the bytes, and the columns agree with the bytes."""
    told = canonical(row.entry)
    if row.content is None:
        return row.entry.hash == digest(told)
    return row.entry.hash == digest(row.content) and msgspec.json.decode(row.content) == msgspec.json.decode(told)


def verify(rows: Sequence[ChainRow], prev_hash: str | None, first_seq: int, anchors: Sequence[Anchor] = ()) -> AuditVerdict:
    """Recompute a span in order. `prev_hash` is the hash before it (None: trust the first entry's own).

    Entries that do not fit count as accepted inside an anchor's span, while the span's rows are those that were anchored.
    """
    held = [one for one in anchors if one.rows_sha256 == rows_digest(row for row in rows if one.first <= row.entry.seq <= one.last)]

    def accepted(seq: int) -> bool:
        return any(one.first <= seq <= one.last for one in held)

    expected = first_seq
    missing: list[int] = []
    broken: int | None = None
    for row in rows:
        entry = row.entry
        missing += [seq for seq in range(expected, entry.seq) if not accepted(seq)]
        gap = entry.seq != expected
        linked = gap or prev_hash is None or entry.prev_hash == prev_hash
        if broken is None and not (fits(row) and linked) and not accepted(entry.seq):
            broken = entry.seq
        expected, prev_hash = entry.seq + 1, entry.hash
    head = rows[-1].entry.hash if rows else None
    spans = [[one.first, one.last] for one in held]
    return AuditVerdict(ok=broken is None and not missing, checked=len(rows), broken_at=broken, missing=missing, head_hash=head, reanchored=spans)


def judge_end(noted: tuple[int, str] | None, genuine: bool, last: int, hash_there: str | None) -> Literal["kept", "absent", "cut", "changed"]:
    """Compare the chain with its end as noted in the data folder. `hash_there` is the chain's hash at the noted number.

    >>> judge_end((7, "ab"), True, last=5, hash_there=None), judge_end((7, "ab"), True, last=9, hash_there="cd"), judge_end(None, True, 0, None)
    ('cut', 'changed', 'absent')
    """
    if noted is None:
        return "absent"
    if not genuine:
        return "changed"
    if noted[0] > last:
        return "cut"
    return "kept" if hash_there == noted[1] else "changed"
