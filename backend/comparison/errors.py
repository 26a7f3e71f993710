"""What can go wrong with a comparison."""

from backend.errors import Unavailable


class EvidenceAway(Unavailable):
    """Redis, which keeps what comparisons have shown, does not answer; nothing was changed. Look at the comparison and promote when it does."""
