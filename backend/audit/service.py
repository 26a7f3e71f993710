"""Read and verify the audit log."""

from backend.audit import repository
from backend.audit.rules import verify
from backend.errors import Invalid
from backend.work.audit_chain import GENESIS
from backend.work.unit import UnitOfWork
from schemas.audit import AuditEntry, AuditVerdict, ListAudit, VerifyAudit
from schemas.common import Issue, Page


async def browse(work: UnitOfWork, input: ListAudit) -> Page[AuditEntry]:
    """The newest entries first."""
    if input.cursor is not None and not input.cursor.isdecimal():
        raise Invalid("This cursor was not made by this list.", issues=[Issue(pointer="/cursor", message="not a cursor")])
    below = int(input.cursor) if input.cursor else None
    entries = await repository.newest(work.session, work.tenant_id, below, input.subject, input.action, input.limit + 1)
    more = len(entries) > input.limit
    entries = entries[: input.limit]
    return Page(items=entries, next_cursor=str(entries[-1].seq) if more else None)


async def check(work: UnitOfWork, input: VerifyAudit) -> AuditVerdict:
    """Recompute the chain, or a span of it together with its link to the entry before."""
    start = input.from_seq or 1
    entries = await repository.span(work.session, work.tenant_id, max(start - 1, 1), input.to_seq)
    before = GENESIS
    if start > 1 and entries and entries[0].seq == start - 1:
        before = entries.pop(0).hash
    return verify(entries, before, start)
