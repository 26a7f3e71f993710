"""Audit actions of catalog."""

from backend.declarations.actions import AuditAction

MODELS_ARCHIVE_VERSION = AuditAction("models.archiveVersion", "A version was archived.")
MODELS_CREATE = AuditAction("models.create", "A model was created.")
MODELS_CREATE_EXTERNAL_VERSION = AuditAction("models.createExternalVersion", "A version that calls a language model was created.")
MODELS_CREATE_VERSION = AuditAction("models.createVersion", "A version was created.")
MODELS_UPLOAD_ARTIFACT = AuditAction("models.uploadArtifact", "An artifact was uploaded for a version.")
MODELS_STATE_ARTIFACT = AuditAction("models.stateArtifact", "A person stated what a version's artifact predicts.")
