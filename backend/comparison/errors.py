"""Errors of comparisons."""

from backend.errors import Unavailable


class EvidenceAway(Unavailable):
    """Redis keeps the evidence of comparisons and does not answer; nothing was changed. When Redis is back, look at the comparison again and promote."""
