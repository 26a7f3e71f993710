"""Audit actions of outcomes."""

from backend.declarations.actions import AuditAction

INFERENCE_ORPHANS = AuditAction("inference.orphans", "Somebody looked at the outcomes of a group that wait for their predictions.")
