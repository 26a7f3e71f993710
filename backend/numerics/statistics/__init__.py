"""Statistics on arrays: one method a file."""
