"""Errors of outcomes."""

from backend.errors import Invalid


class InvalidOutcome(Invalid):
    """An outcome needs an `inference_id` or a `correlation_id`. Its `actual` is 0 or 1 if the model answered a probability, else a number."""
