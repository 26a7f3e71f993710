"""Audit actions of connectors."""

from backend.declarations.actions import AuditAction

CONNECTORS_CREATE = AuditAction("connectors.create", "A connector was created.")
CONNECTORS_DELETE = AuditAction("connectors.delete", "A connector was deleted.")
CONNECTORS_DISABLE = AuditAction("connectors.disable", "A connector was disabled.")
CONNECTORS_ENABLE = AuditAction("connectors.enable", "A connector was enabled.")
CONNECTORS_REWRAP = AuditAction("connectors.rewrap", "A connector's key was wrapped by the current key-encryption key.")
CONNECTORS_ROTATE = AuditAction("connectors.rotate", "A connector's key was replaced.")
CONNECTORS_TEST = AuditAction("connectors.test", "A connector was tested.")
