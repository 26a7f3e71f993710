"""Reads files of strangers as tables. All of it runs in a limited process, never in an answering one."""
