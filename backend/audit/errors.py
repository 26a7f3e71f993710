"""Errors of the audit log."""

from backend.errors import Conflict


class ChainIntact(Conflict):
    """The audit chain is intact, so there is no broken span to accept."""
