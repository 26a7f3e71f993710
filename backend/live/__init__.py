"""Live: what changed, told to whoever watches. Events are rows of the change's own transaction; Redis only wakes their readers."""
