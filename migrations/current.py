"""Checks whether a database is up to date. Without Alembic: its import takes longer than the rest of a repeated start."""

import re
from pathlib import Path

import asyncpg

from backend.db.addresses import app_url, connect

VERSIONS = Path(__file__).parent / "versions"
_NAMED = re.compile(r'^(down_)?revision = "([^"]+)"$', re.MULTILINE)


def newest_revision() -> str:
    """Return the revision without a successor."""
    found: list[tuple[str, str]] = [match for file in VERSIONS.glob("2*.py") for match in _NAMED.findall(file.read_text())]
    before = {revision for down, revision in found if down}
    (newest,) = {revision for down, revision in found if not down} - before
    return newest


async def is_current(database_url: str, secret_key: str) -> bool:
    """Return whether the database is at the newest revision, and the application's role can connect with this secret's password."""
    try:
        owner = await connect(database_url, timeout=10)
        try:
            if await owner.fetchval("SELECT version_num FROM alembic_version") != newest_revision():
                return False
        finally:
            await owner.close()
        await (await connect(app_url(secret_key, database_url), timeout=10)).close()
    except (asyncpg.UndefinedTableError, asyncpg.InvalidAuthorizationSpecificationError):
        return False
    return True
