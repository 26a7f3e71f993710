"""Outcomes: what really happened, told later and revised."""
