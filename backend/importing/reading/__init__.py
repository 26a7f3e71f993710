"""Reads files other than JSON."""
