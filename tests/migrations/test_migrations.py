"""The database's history: up, down, up; and what the application's role may do at its end."""

import asyncpg
import pytest
from sqlalchemy import text

from backend.db.addresses import app_url
from backend.db.engine import passing_engine
from migrations.apply import current_revision, head_revision, migrate
from migrations.current import is_current, newest_revision
from migrations.metadata import METADATA
from tests.conftest import SECRET
from tests.support import servers


@pytest.fixture
def empty(worker_number: int):  # type: ignore[no-untyped-def]
    name = f"history_{worker_number}"
    yield servers.database_url(name)
    servers.drop_database(name)


RIGHTS = "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"


async def columns(url: str) -> set[tuple[str, str]]:
    owner = await asyncpg.connect(url)
    try:
        rows = await owner.fetch("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public'")
        return {(row[0], row[1]) for row in rows}
    finally:
        await owner.close()


async def test_up_down_up_ends_where_it_was(empty: str) -> None:
    await migrate(empty, SECRET)
    assert await current_revision(empty) == head_revision()
    first = await columns(empty)
    await migrate(empty, SECRET, "base")
    assert {table for table, _ in await columns(empty)} <= {"alembic_version"}
    await migrate(empty, SECRET)
    assert await columns(empty) == first


async def test_an_older_head_is_brought_forward(empty: str) -> None:
    await migrate(empty, SECRET, "20261121_house")
    assert await current_revision(empty) == "20261121_house"
    await migrate(empty, SECRET)
    assert await current_revision(empty) == head_revision()


async def test_the_code_and_the_database_name_the_same_columns(empty: str) -> None:
    await migrate(empty, SECRET)
    there = await columns(empty)
    declared = {(table.name, column.name) for table in METADATA.tables.values() for column in table.columns}
    assert declared <= there


async def test_the_applications_role_is_no_superuser_and_every_tenant_owned_table_refuses_strangers(empty: str) -> None:
    await migrate(empty, SECRET)
    engine = passing_engine(app_url(SECRET, empty))
    try:
        async with engine.connect() as connection:
            role = (
                await connection.execute(text("SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"))
            ).one()
            unprotected = (
                (
                    await connection.execute(
                        text(
                            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' "
                            "WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace AND NOT c.relrowsecurity"
                        )
                    )
                )
                .scalars()
                .all()
            )
            owned = (await connection.execute(text("SELECT count(*) FROM pg_class WHERE pg_get_userbyid(relowner) = current_user"))).scalar_one()
    finally:
        await engine.dispose()
    assert tuple(role) == (False, False, False, False)
    assert unprotected == []
    assert owned == 0


async def test_a_start_knows_without_alembic_whether_there_is_anything_to_do(empty: str) -> None:
    assert newest_revision() == head_revision()
    assert not await is_current(empty, SECRET)
    await migrate(empty, SECRET, "20261121_house")
    assert not await is_current(empty, SECRET)
    await migrate(empty, SECRET)
    assert await is_current(empty, SECRET)
    assert not await is_current(empty, "another secret"), "the role's password has to be set anew"
