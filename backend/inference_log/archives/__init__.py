"""A log in files: weeks past their retention, and logs of deleted groups."""
