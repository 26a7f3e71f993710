"""Audit actions of groups."""

from backend.declarations.actions import AuditAction

GROUPS_CONFIGURE = AuditAction("groups.configure", "A group's settings were changed.")
GROUPS_CREATE = AuditAction("groups.create", "A group was created.")
GROUPS_DELETE = AuditAction("groups.delete", "A group was deleted.")
GROUPS_HALT = AuditAction("groups.halt", "A group was halted.")
GROUPS_HALT_VERSION = AuditAction("groups.haltVersion", "A version was halted in every group.")
GROUPS_REQUEST_RESUME = AuditAction("groups.requestResume", "A first person asked to resume answers.")
GROUPS_RESUME = AuditAction("groups.resume", "A halt ended.")
GROUPS_SET_LEGAL_HOLD = AuditAction("groups.setLegalHold", "A legal hold was set or lifted.")
GROUPS_SET_RETENTION = AuditAction("groups.setRetention", "A log's retention was changed.")
GROUPS_SET_SPLIT = AuditAction("groups.setSplit", "A group's split was changed.")
GROUPS_SET_WHEN_UNLOGGED = AuditAction("groups.setWhenUnlogged", "The rule for answers without a working log was changed.")
