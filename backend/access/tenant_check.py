"""Is there a tenant yet? Answered without SQLAlchemy, whose import costs more than the rest of a second start."""

import asyncpg

from backend.db.addresses import app_url


async def has_tenant(database_url: str, secret_key: str) -> bool:
    """Was the hub started before on this database?"""
    connection = await asyncpg.connect(app_url(secret_key, database_url), timeout=10)
    try:
        return bool(await connection.fetchval("SELECT count_tenants()"))
    finally:
        await connection.close()
