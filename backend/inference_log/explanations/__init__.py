"""Explaining logged rows, and what is done when one cannot be explained."""
