"""Check whether a tenant exists. Without SQLAlchemy: its import takes longer than the rest of a repeated start."""

from backend.db.addresses import app_url, connect


async def has_tenant(database_url: str, secret_key: str) -> bool:
    """Return whether this database already has a tenant."""
    connection = await connect(app_url(secret_key, database_url), timeout=10)
    try:
        return bool(await connection.fetchval("SELECT count_tenants()"))
    finally:
        await connection.close()
