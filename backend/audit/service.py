"""Read and verify the audit log."""

import asyncio

import msgspec

from backend.audit import actions, repository
from backend.audit.errors import ChainIntact
from backend.audit.rules import Anchor, judge_end, rows_digest, verify
from backend.errors import Invalid
from backend.work.audit_chain import GENESIS, seal
from backend.work.audit_head import is_genuine, noted_head
from backend.work.unit import UnitOfWork
from schemas.audit import AuditEntry, AuditVerdict, ListAudit, ReanchorAudit, VerifyAudit
from schemas.common import Issue, Page


async def browse(work: UnitOfWork, input: ListAudit) -> Page[AuditEntry]:
    """The newest entries first."""
    if input.cursor is not None and not (input.cursor.isascii() and input.cursor.isdecimal() and len(input.cursor) < 19):
        raise Invalid(
            "This cursor was not made by this list. Leave the cursor out to start from the newest entry.",
            issues=[Issue(pointer="/cursor", message="not a cursor")],
        )
    below = int(input.cursor) if input.cursor else None
    entries = await repository.newest(work.session, work.tenant_id, below, input.subject, input.action, input.limit + 1)
    more = len(entries) > input.limit
    entries = entries[: input.limit]
    return Page(items=entries, next_cursor=str(entries[-1].seq) if more else None)


async def check(work: UnitOfWork, input: VerifyAudit) -> AuditVerdict:
    """Recompute the chain, or a span with its link to the entry before. Compare its end with the one noted in the data folder."""
    start = input.from_seq or 1
    rows = await repository.span(work.session, work.tenant_id, max(start - 1, 1), input.to_seq)
    before = GENESIS
    if start > 1 and rows and rows[0].entry.seq == start - 1:
        before = rows.pop(0).entry.hash
    verdict = await asyncio.to_thread(verify, rows, before, start, await _anchors(work))
    return await _with_end(work, verdict)


async def _with_end(work: UnitOfWork, verdict: AuditVerdict) -> AuditVerdict:
    """Add the state of the chain's end to the verdict. The note is read first, so it may be one entry ahead of this transaction's view."""
    noted = await asyncio.to_thread(noted_head, work.hub, work.tenant_id)
    genuine = noted is None or is_genuine(work.hub, work.tenant_id, noted)
    last, there = await repository.end(work.session, work.tenant_id, noted.seq if noted else 0)
    end = judge_end((noted.seq, noted.hash) if noted else None, genuine, last, there)
    return msgspec.structs.replace(verdict, ok=verdict.ok and end in ("kept", "absent"), end=end, noted_seq=noted.seq if noted else None)


async def reanchor(work: UnitOfWork, input: ReanchorAudit) -> AuditVerdict:
    """Accept a broken span as it is now. A new entry, signed by the hub's key, names the person and the reason. Raises ChainIntact."""
    found = await check(work, VerifyAudit())
    if found.broken_at is None and not found.missing:
        raise ChainIntact
    rows = await repository.span(work.session, work.tenant_id, 1, None)
    first, last = min([*found.missing, *([found.broken_at] if found.broken_at else [])]), rows[-1].entry.seq if rows else 0
    content = rows_digest(row for row in rows if first <= row.entry.seq <= last)
    mac = seal(work.hub.settings.secret_key or "", "anchor", work.tenant_id, first, last, content)
    work.audit(actions.AUDIT_REANCHOR, "audit", after={"first": first, "last": last, "rows_sha256": content, "mac": mac, "reason": input.reason})
    return verify(rows, GENESIS, 1, [*await _anchors(work), Anchor(first, last, content)])


async def _anchors(work: UnitOfWork) -> list[Anchor]:
    """Return the anchors that this hub signed."""
    key, signed = work.hub.settings.secret_key or "", []
    for entry in await repository.with_action(work.session, work.tenant_id, actions.AUDIT_REANCHOR.name):
        said = entry.after if isinstance(entry.after, dict) else {}
        first, last, content = said.get("first"), said.get("last"), said.get("rows_sha256")
        if isinstance(first, int) and isinstance(last, int) and said.get("mac") == seal(key, "anchor", work.tenant_id, first, last, content):
            signed.append(Anchor(first, last, str(content)))
    return signed
