"""Procedures of toys."""
