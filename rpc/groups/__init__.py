"""The procedures of groups."""
