"""Audit actions of the exchange."""

from backend.declarations.actions import AuditAction

INFERENCE_EXPORT_LOG = AuditAction("inference.exportLog", "A page of a log was read in another platform's layout.")
INFERENCE_IMPORT_LOG = AuditAction("inference.importLog", "Inferences of another platform were imported into a log.")
