"""A connection pooler between the hub and PostgreSQL is told from PostgreSQL itself, with what to set."""

import asyncio
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from backend.adapters.external import check_postgres
from backend.adapters.processes import SetupError
from backend.db.addresses import connect
from tests.support import servers
from tests.support.infrastructure.pgbouncer import pgbouncer

WHAT_TO_DO = "set TILTYARD_DATABASE_URL to the address of PostgreSQL itself"


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    name = f"pooler_{id(servers):x}"
    yield servers.database_url(name)
    servers.drop_database(name)


@pytest.mark.parametrize("mode", ["session", "transaction", "statement"])
@pytest.mark.parametrize("ignored", ["", "jit,application_name,extra_float_digits"])
async def test_a_real_pgbouncer_is_told_in_every_mode(mode: str, ignored: str, database: str) -> None:
    with tempfile.TemporaryDirectory() as folder, pgbouncer(Path(folder), database, mode, ignored) as pooled:
        with pytest.raises(SetupError) as refused:
            await check_postgres(pooled)
        said = str(refused.value)
        assert "A connection pooler such as PgBouncer answers at 127.0.0.1:" in said
        assert WHAT_TO_DO in said
        assert "password" not in said


async def test_it_is_told_also_while_its_pool_was_used_before(database: str) -> None:
    """What an earlier client prepared stays on a server connection that the next one gets."""
    with tempfile.TemporaryDirectory() as folder, pgbouncer(Path(folder), database, "transaction", "jit") as pooled:
        for _ in range(3):
            earlier = await connect(pooled)
            await earlier.fetch("SELECT 1")
            await asyncio.wait({asyncio.create_task(earlier.close())}, timeout=5)
            with pytest.raises(SetupError, match=WHAT_TO_DO):
                await check_postgres(pooled)


async def test_postgresql_itself_is_taken(database: str) -> None:
    await check_postgres(database)
