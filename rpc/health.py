"""Checks that this process can answer."""

import asyncio

from sqlalchemy import text

from backend.hub import Hub


async def database_answers(hub: Hub) -> bool:
    """Return whether PostgreSQL answers within two seconds."""
    try:
        async with asyncio.timeout(2), hub.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # any error means that it is not ready
        return False
    return True
