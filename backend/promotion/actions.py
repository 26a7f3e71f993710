"""Audit actions of promotion."""

from backend.declarations.actions import AuditAction

GROUPS_PROMOTE = AuditAction("groups.promote", "A version was promoted to champion.")
GROUPS_ROLLBACK = AuditAction("groups.rollback", "A group's earlier champion was restored.")
GROUPS_RAMP_START = AuditAction("groups.ramp.start", "A ramp was started.")
GROUPS_RAMP_ADVANCE = AuditAction("groups.ramp.advance", "A ramp advanced one step.")
GROUPS_RAMP_COMPLETE = AuditAction("groups.ramp.complete", "A ramp reached its last step.")
GROUPS_RAMP_ROLL_BACK = AuditAction("groups.ramp.roll_back", "A ramp returned the traffic to the champion.")
GROUPS_RAMP_PAUSE = AuditAction("groups.ramp.pause", "A ramp was paused.")
GROUPS_RAMP_RESUME = AuditAction("groups.ramp.resume", "A ramp was resumed.")
GROUPS_RAMP_CANCEL = AuditAction("groups.ramp.cancel", "A ramp was cancelled.")

RAMP_DECISIONS = {
    "start": GROUPS_RAMP_START,
    "advance": GROUPS_RAMP_ADVANCE,
    "complete": GROUPS_RAMP_COMPLETE,
    "roll_back": GROUPS_RAMP_ROLL_BACK,
    "pause": GROUPS_RAMP_PAUSE,
    "resume": GROUPS_RAMP_RESUME,
    "cancel": GROUPS_RAMP_CANCEL,
}
"""The action of each decision about a ramp."""
