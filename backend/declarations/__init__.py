"""Declarations of a slice: audit actions, live events, alerts, metrics. `backend/slices.py` finds them."""
