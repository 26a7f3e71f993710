"""Audit actions of importing."""

from backend.declarations.actions import AuditAction

MAPPINGS_REMEMBER = AuditAction("mappings.remember", "A mapping was remembered for further imports.")
MAPPINGS_REVOKE = AuditAction("mappings.revoke", "A remembered mapping was revoked.")
IMPORTS_COMMIT = AuditAction("imports.commit", "A draft became a version.")
IMPORTS_REIMPORT = AuditAction("imports.reimport", "A version's source was read again as a new draft.")
IMPORTS_PROPOSE = AuditAction("imports.propose", "A file was read as a draft.")
IMPORTS_REVISE = AuditAction("imports.revise", "A draft was corrected.")
IMPORTS_DISCARD = AuditAction("imports.discard", "A draft was discarded.")
IMPORTS_SET_SHARING = AuditAction("imports.setSharing", "What a tenant shows to language models when it imports was changed.")
