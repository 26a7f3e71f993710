"""The unit of work, and what it writes at its end."""
