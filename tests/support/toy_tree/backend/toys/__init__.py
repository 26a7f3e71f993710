"""Toys: the smallest slice that has everything a slice may have."""
