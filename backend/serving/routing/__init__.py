"""Routing: which version answers whom."""
