"""Promotion, rollback and ramps."""
