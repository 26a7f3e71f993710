"""Other servers of the same model, each in its own environment, created once outside the repository."""
