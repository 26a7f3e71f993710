"""Answers predictions: routed, prepared, scored, logged."""
