"""Audit actions of the audit log itself."""

from backend.declarations.actions import AuditAction

AUDIT_REANCHOR = AuditAction("audit.reanchor", "A broken span of the chain was accepted as it is.")
