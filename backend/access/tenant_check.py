"""Is there a tenant yet? Answered without SQLAlchemy, whose import costs more than the rest of a second start."""

from backend.db.addresses import app_url, connect


async def has_tenant(database_url: str, secret_key: str) -> bool:
    """Was the hub started before on this database?"""
    connection = await connect(app_url(secret_key, database_url), timeout=10)
    try:
        return bool(await connection.fetchval("SELECT count_tenants()"))
    finally:
        await connection.close()
