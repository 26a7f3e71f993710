"""Logs to and from the layouts of other platforms."""
