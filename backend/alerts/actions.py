"""Audit actions of alerts."""

from backend.declarations.actions import AuditAction

ALERTS_ACKNOWLEDGE = AuditAction("alerts.acknowledge", "A person acknowledged an alert.")
ALERTS_SET_RETENTION = AuditAction("alerts.setRetention", "The retention of resolved alerts was changed.")
ALERTS_SILENCE = AuditAction("alerts.silence", "An alert was silenced until a time.")
ALERTS_UNSILENCE = AuditAction("alerts.unsilence", "A silence was ended early.")
