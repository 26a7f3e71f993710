"""Figures of a file that contradict one another."""
