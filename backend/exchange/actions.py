"""Audit actions of exchange."""

from backend.declarations.actions import AuditAction

INFERENCE_IMPORT_LOG = AuditAction("inference.importLog", "Inferences made elsewhere were imported into a log.")
