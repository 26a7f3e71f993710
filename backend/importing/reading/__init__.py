"""Reading files that are no JSON."""
