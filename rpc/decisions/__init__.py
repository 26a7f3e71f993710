"""Procedures of decisions."""
