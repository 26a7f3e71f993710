"""Decisions: what rules make of scores, what was finally done, and what it is worth."""
