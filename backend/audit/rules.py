"""The chain's arithmetic."""

from collections.abc import Iterable

from backend.work.audit_chain import entry_hash
from schemas.audit import AuditEntry, AuditVerdict


def verify(entries: Iterable[AuditEntry], prev_hash: str | None, first_seq: int) -> AuditVerdict:
    """Recompute a span in order. `prev_hash` is the hash before it (None: trust the first entry's own)."""
    checked, expected = 0, first_seq
    missing: list[int] = []
    broken: int | None = None
    head: str | None = None
    for entry in entries:
        missing += range(expected, entry.seq)
        gap = entry.seq != expected
        fits = entry.hash == entry_hash(entry) and (gap or prev_hash is None or entry.prev_hash == prev_hash)
        if not fits and broken is None:
            broken = entry.seq
        expected, prev_hash, head, checked = entry.seq + 1, entry.hash, entry.hash, checked + 1
    return AuditVerdict(ok=broken is None and not missing, checked=checked, broken_at=broken, missing=missing, head_hash=head)
