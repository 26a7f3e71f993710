"""Tenants, people, sessions, tokens, permissions."""
