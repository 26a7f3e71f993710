"""Alembic: the database's history, applied when a hub starts."""
