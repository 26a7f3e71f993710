"""Audit actions of runs."""

from backend.declarations.actions import AuditAction

RUNS_CANCEL = AuditAction("runs.cancel", "A run was cancelled.")
