"""Tallies: what the comparison is made of, kept while logging."""
