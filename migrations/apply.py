"""Bring a database to a revision, as its owner; one process at a time."""

import asyncio
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from backend.db.addresses import app_password
from backend.db.engine import passing_engine

LOCK = 0x7117_0001


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def head_revision() -> str:
    """Return the newest revision that this code knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head, "there is at least one migration"
    return head


async def current_revision(database_url: str) -> str | None:
    """Return a database's revision; None when it is empty."""
    engine = passing_engine(database_url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: MigrationContext.configure(sync).get_current_revision())
    finally:
        await engine.dispose()


async def migrate(database_url: str, secret_key: str | None, revision: str = "head") -> None:
    """Upgrade, or downgrade to a named older revision. Safe to run twice, or from two processes.

    With a `secret_key` the app role gets the password derived from it; without one the operator manages its password.
    """
    engine = passing_engine(database_url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            await connection.run_sync(_run, revision)
            if secret_key and revision != "base":
                await connection.execute(text(f"ALTER ROLE tiltyard_app PASSWORD '{app_password(secret_key)}'"))  # hexadecimal digits only
    finally:
        await engine.dispose()


def _run(connection: Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    now = MigrationContext.configure(connection).get_current_revision()
    script = ScriptDirectory.from_config(config)
    older = revision == "base" or (now is not None and revision != "head" and revision in {r.revision for r in script.iterate_revisions(now, "base")})
    if older:
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def migrate_blocking(database_url: str, secret_key: str | None, revision: str = "head") -> None:
    """Migrate, for callers without an event loop."""
    asyncio.run(migrate(database_url, secret_key, revision))
