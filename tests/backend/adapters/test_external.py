"""Servers that we do not run: what is wrong is said, and what mends it, and the mending works."""

from collections.abc import Iterator

import pytest
from redis import Redis

from backend.adapters import external
from backend.adapters.external import check_postgres, check_redis
from backend.adapters.processes import SetupError, free_port
from tests.support import servers

pytestmark = pytest.mark.busy


@pytest.fixture
def database(worker_number: int) -> Iterator[str]:
    """An empty database owned by somebody of its own, who has no rights beyond it."""
    name, owner = f"external_{worker_number}", f"stranger_{worker_number}"
    url = servers.database_url(name)
    servers.superuser(f"CREATE ROLE {owner} LOGIN PASSWORD 'pass word'")
    yield url.replace(url.split("//")[1].split("@")[0], f"{owner}:pass%20word")
    servers.drop_database(name)
    servers.superuser(f"DROP ROLE {owner}")


async def test_servers_in_order_pass(worker_number: int) -> None:
    await check_postgres(servers.database_url(f"fine_{worker_number}"))
    await check_redis(servers.redis_url(0))


async def test_an_unreachable_server_is_named_with_its_host_and_port() -> None:
    port = free_port()
    with pytest.raises(SetupError, match=rf"PostgreSQL does not answer at 127\.0\.0\.1:{port} .*Start it.*TILTYARD_DATABASE_URL"):
        await check_postgres(f"postgresql://somebody:secret@127.0.0.1:{port}/db")
    with pytest.raises(SetupError, match=rf"Redis does not answer at 127\.0\.0\.1:{port} .*TILTYARD_REDIS_URL"):
        await check_redis(f"redis://:secret@127.0.0.1:{port}/0")


async def test_a_host_that_does_not_exist_is_named() -> None:
    with pytest.raises(SetupError, match=r"does not answer at nowhere\.invalid:5432"):
        await check_postgres("postgresql://somebody@nowhere.invalid/db")


@pytest.mark.parametrize("check", [check_postgres, check_redis])
async def test_an_address_of_another_kind_is_refused_with_an_example(check: object) -> None:
    with pytest.raises(SetupError, match="It looks like"):
        await check("mysql://host/db")  # type: ignore[operator]


async def test_a_wrong_password_is_called_that_and_never_repeated(database: str) -> None:
    with pytest.raises(SetupError, match="refuses the sign-in: password authentication failed") as refusal:
        await check_postgres(database.replace("pass%20word", "guess"))
    assert "guess" not in str(refusal.value)
    url = servers.redis_url(0)
    with pytest.raises(SetupError, match="refuses us"):
        await check_redis(f"redis://:guess@{url.rsplit('@', 1)[1]}")


async def test_a_missing_database_is_called_that() -> None:
    with pytest.raises(SetupError, match=r'database "missing" does not exist.*CREATE DATABASE'):
        await check_postgres(f"{servers.running().database_url.rsplit('/', 1)[0]}/missing")


async def test_missing_rights_come_with_the_statement_that_grants_them(database: str) -> None:
    """Each statement is run as told until nothing is missing."""
    name = database.rsplit("/", 1)[1]
    given = []
    for _ in range(4):
        try:
            await check_postgres(database)
        except SetupError as error:
            statement = str(error).rsplit("Run there: ", 1)[1]
            given.append(statement.split()[0:2])
            servers.superuser(statement, name)
    await check_postgres(database)
    assert ["ALTER", "DATABASE"] in given
    assert given[1] in (["ALTER", "ROLE"], ["GRANT", "tiltyard_app"])
    servers.superuser(f"ALTER DATABASE {name} OWNER TO postgres", name)


async def test_a_server_too_old_is_told_which_version_is_needed(monkeypatch: pytest.MonkeyPatch, worker_number: int) -> None:
    monkeypatch.setattr(external, "POSTGRES_MINIMUM", 99)
    monkeypatch.setattr(external, "REDIS_MINIMUM", (99, 0))
    with pytest.raises(SetupError, match=r"is version 18\.\d+; Tiltyard needs 99 or newer"):
        await check_postgres(servers.database_url(f"fine_{worker_number}"))
    with pytest.raises(SetupError, match=r"is version \d+\.\d+\.\d+; Tiltyard needs 99\.0 or newer"):
        await check_redis(servers.redis_url(0))


async def test_a_redis_user_who_may_not_write_is_told_what_is_needed(worker_number: int) -> None:
    url = servers.redis_url(0)
    reader = f"reader_{worker_number}"
    with Redis.from_url(url) as client:
        client.acl_setuser(reader, enabled=True, passwords=["+secret"], keys=["*"], commands=["+@read", "+info", "+@connection"])
        try:
            with pytest.raises(SetupError, match=r"The user in the address needs ~tiltyard:\*"):
                await check_redis(f"redis://{reader}:secret@{url.rsplit('@', 1)[1]}")
        finally:
            client.acl_deluser(reader)
