"""Other servers of the same model, each in an environment of its own that is made once, outside the repository."""
