"""Live: notifies watchers of changes. Events are rows in the change's own transaction; Redis only wakes their readers."""
