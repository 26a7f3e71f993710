"""Tallies: summaries for comparisons, updated while logging."""
