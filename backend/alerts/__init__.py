"""Alerts: what needs somebody, raised from facts, resolved when the fact is gone."""
