"""PostgreSQL's own programs from the wheel, run against any server, and row counts of a database."""

import asyncio
import contextlib
import shutil
import subprocess
from pathlib import Path

import asyncpg

from backend.adapters.embedded_programs import find
from backend.adapters.processes import SetupError, bare_environment
from backend.db.addresses import program_environment

TABLES = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND NOT c.relispartition
AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%' ORDER BY 1
"""


async def count_rows(connection: asyncpg.Connection) -> dict[str, int]:
    """Count the rows of every permanent table inside a transaction, by quoted name. A partitioned table counts as one.

    Sessions' temporary tables are left out, and so are tables dropped since the transaction's snapshot.
    """
    names = [row["name"] for row in await connection.fetch(TABLES)]
    counted = {}
    for name in names:
        with contextlib.suppress(asyncpg.UndefinedTableError):
            async with connection.transaction():
                counted[name] = await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 (quoted by quote_ident)
    return counted


async def run_program(database_url: str, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs. The password is in its environment, where other users cannot see it."""
    environment = bare_environment("PG") | program_environment(database_url)
    command = [str(_program(name, environment.get("PGSSLMODE", "prefer"))), *arguments]
    done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SetupError(f"{name} failed: {done.stderr.strip()}")


def _program(name: str, mode: str) -> Path:
    """Return the wheel's program, or the system's when the address asks for TLS, which the wheel's lacks. Raises SetupError."""
    if mode not in {"require", "verify-ca", "verify-full"}:
        return find().postgres_bin / name
    if (installed := shutil.which(name)) is None:
        raise SetupError(
            f"The address asks for TLS, and the {name} that comes with Tiltyard has none. Install PostgreSQL's client programs (postgresql-client)."
        )
    return Path(installed)
