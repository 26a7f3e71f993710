"""Scripts of several statements, which a prepared statement cannot contain."""

from alembic import op


def script(sql: str) -> None:
    """Run the statements in the migration's own transaction, by PostgreSQL's simple protocol."""
    op.get_bind().connection.dbapi_connection.run_async(lambda connection: connection.execute(sql))  # type: ignore[union-attr]
