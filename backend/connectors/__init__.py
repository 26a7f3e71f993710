"""Connectors: providers of language models and their keys."""
