"""The audit log."""

from backend.access.permissions import P
from backend.audit import service
from backend.audit.errors import ChainIntact
from rpc.core import Router
from rpc.host import Call
from schemas.audit import AuditEntry, AuditVerdict, ListAudit, ReanchorAudit, VerifyAudit
from schemas.common import Page

audit = Router("audit")


@audit.query(permission=P.AUDIT_ENTRY_READ)
async def list_(ctx: Call, input: ListAudit) -> Page[AuditEntry]:
    """Return the newest entries first, filtered by the beginning of subject or action."""
    return await service.browse(ctx.work, input)


@audit.query(permission=P.AUDIT_ENTRY_READ)
async def verify(ctx: Call, input: VerifyAudit) -> AuditVerdict:
    """Recompute the chain and report whether every entry still fits."""
    return await service.check(ctx.work, input)


@audit.mutation(permission=P.AUDIT_CHAIN_REANCHOR, errors=(ChainIntact,))
async def reanchor(ctx: Call, input: ReanchorAudit) -> AuditVerdict:
    """Accept a broken chain as it is now, by a signed entry with the person and the reason. The span stays marked in every later verdict."""
    return await service.reanchor(ctx.work, input)
