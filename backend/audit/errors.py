"""What can go wrong with the audit log."""

from backend.errors import Conflict


class ChainIntact(Conflict):
    """Every entry of the audit log fits: there is nothing to anchor anew."""
