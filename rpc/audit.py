"""The audit log."""

from backend.access.permissions import P
from backend.audit import service
from rpc.core import Router
from rpc.host import Call
from schemas.audit import AuditEntry, AuditVerdict, ListAudit, VerifyAudit
from schemas.common import Page

audit = Router("audit")


@audit.query(permission=P.AUDIT_ENTRY_READ)
async def list_(ctx: Call, input: ListAudit) -> Page[AuditEntry]:
    """The newest entries first, narrowed by the beginning of subject or action."""
    return await service.browse(ctx.work, input)


@audit.query(permission=P.AUDIT_ENTRY_READ)
async def verify(ctx: Call, input: VerifyAudit) -> AuditVerdict:
    """Recompute the chain and say whether every entry still fits."""
    return await service.check(ctx.work, input)
