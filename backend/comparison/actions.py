"""Audit actions of comparison."""

from backend.declarations.actions import AuditAction

INFERENCE_REBUILD_TALLIES = AuditAction("inference.rebuildTallies", "A rebuild of a group's tallies was started.")
