"""What can go wrong with outcomes."""

from backend.errors import Invalid


class InvalidOutcome(Invalid):
    """An outcome names its inference by `inference_id` or by `correlation_id`; its `actual` is 0 or 1 where a probability was answered, else a number."""
