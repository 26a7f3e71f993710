"""Does a sign-in that was kept still hold? Answered without SQLAlchemy, whose import costs more than the rest of a second start."""

import asyncio

import asyncpg

from backend.access.rules import password_matches
from backend.db.addresses import app_url


async def password_holds(database_url: str, secret_key: str, email: str, password: str) -> bool | None:
    """Is this still the person's password? None when there is no such person."""
    connection = await asyncpg.connect(app_url(secret_key, database_url), timeout=10)
    try:
        found = await connection.fetchrow("SELECT password_hash FROM find_person($1)", email)
    finally:
        await connection.close()
    return None if found is None else await asyncio.to_thread(password_matches, found["password_hash"], password)
