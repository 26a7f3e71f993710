"""Outcomes: what really happened, reported later and corrected."""
