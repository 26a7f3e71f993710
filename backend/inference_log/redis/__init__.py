"""The log's intake in Redis: its keys and its connection."""
