"""Audit actions of outcomes."""

from backend.declarations.actions import AuditAction

INFERENCE_ORPHANS = AuditAction("inference.orphans", "Somebody read the outcomes of a group that wait for their predictions.")
