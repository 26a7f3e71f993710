"""Routing: which version answers which request."""
