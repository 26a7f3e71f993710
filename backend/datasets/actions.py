"""Audit actions of datasets."""

from backend.declarations.actions import AuditAction

DATASETS_APPEND = AuditAction("datasets.append", "Rows were appended to a decision log.")
DATASETS_CREATE = AuditAction("datasets.create", "A dataset was created.")
DATASETS_DISCARD_UPLOAD = AuditAction("datasets.discardUpload", "An uploaded file was discarded.")
DATASETS_ERASE_ENTITY = AuditAction("datasets.eraseEntity", "An entity's rows were removed from a dataset.")
DATASETS_PREVIEW = AuditAction("datasets.preview", "Rows of a snapshot were read.")
DATASETS_RETENTION = AuditAction("datasets.retention", "A snapshot past its dataset's retention was removed.")
DATASETS_SEAL = AuditAction("datasets.seal", "A snapshot was asked for.")
DATASETS_SET_LEGAL_HOLD = AuditAction("datasets.setLegalHold", "A dataset's legal hold was set or lifted.")
DATASETS_SET_RETENTION = AuditAction("datasets.setRetention", "A dataset's retention was changed.")
DATASETS_UPLOAD = AuditAction("datasets.upload", "A file was uploaded for a dataset.")
