"""What a slice may declare: audit actions, live events, alerts, metrics. `backend/slices.py` finds the declarations."""
