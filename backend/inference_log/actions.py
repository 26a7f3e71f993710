"""Audit actions of the inference log."""

from backend.declarations.actions import AuditAction

GROUPS_ARCHIVED = AuditAction("groups.archived", "A week of a log was archived.")
GROUPS_DROPPED = AuditAction("groups.dropped", "A week of a log was dropped.")
INFERENCE_BROWSE = AuditAction("inference.browse", "Somebody browsed a group's log.")
INFERENCE_DEAD_LETTERS = AuditAction("inference.deadLetters", "Somebody read a group's dead letters.")
INFERENCE_DISCARD_DEAD_LETTERS = AuditAction("inference.discardDeadLetters", "Dead letters were discarded for good.")
INFERENCE_ERASE_ENTITY = AuditAction("inference.eraseEntity", "An entity was erased from a log.")
INFERENCE_GET = AuditAction("inference.get", "Somebody read one prediction.")
INFERENCE_REPLAY_DEAD_LETTERS = AuditAction("inference.replayDeadLetters", "Dead letters were returned to the intake.")
INFERENCE_RETENTION = AuditAction("inference.retention", "A retention rule removed rows of a log.")
