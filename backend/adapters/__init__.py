"""Adapters to the outside: servers, queues, streams, files."""
