"""Explanations of logged rows, and the handling of failures."""
