"""A log in files: weeks that retention lets go, and logs of deleted groups."""
