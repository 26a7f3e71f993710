"""Connects Alembic to the database: migrations.apply passes the connection in."""

from alembic import context

from migrations.metadata import METADATA


def run() -> None:
    """Apply inside one transaction, with the connection that `migrations.apply` opened as the owner."""
    context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
    with context.begin_transaction():
        context.run_migrations()


run()
