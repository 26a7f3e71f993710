"""Statistics on arrays, one method per file."""
