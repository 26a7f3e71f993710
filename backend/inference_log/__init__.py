"""The log: every answered prediction, once, explained, in its group's own table."""
