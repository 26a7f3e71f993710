"""Answering predictions: routed, prepared, scored, put on record."""
