"""Turns a model's file, of any shape, into a model document. The document names the source of every value."""
