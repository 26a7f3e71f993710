"""Alerts: raised from facts that need attention, resolved when the fact is gone."""
