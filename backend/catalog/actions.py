"""Audit actions of catalog."""

from backend.declarations.actions import AuditAction

MODELS_ARCHIVE_VERSION = AuditAction("models.archiveVersion", "A version was taken out of use.")
MODELS_CREATE = AuditAction("models.create", "A model was created.")
MODELS_CREATE_EXTERNAL_VERSION = AuditAction("models.createExternalVersion", "A version that calls a language model was created.")
MODELS_CREATE_VERSION = AuditAction("models.createVersion", "A version was created.")
MODELS_UPLOAD_ARTIFACT = AuditAction("models.uploadArtifact", "A version got its artifact.")
MODELS_STATE_ARTIFACT = AuditAction("models.stateArtifact", "What a version's artifact answers was stated by a person.")
