"""Does this process have what it needs to answer?"""

import asyncio

from sqlalchemy import text

from backend.hub import Hub


async def database_answers(hub: Hub) -> bool:
    """Does PostgreSQL answer, within two seconds?"""
    try:
        async with asyncio.timeout(2), hub.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception:  # whatever is wrong with it, it is not ready
        return False
    return True
