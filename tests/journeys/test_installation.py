"""Installing, stopping, starting again, backing up, bringing back: as whoever runs the machine."""

import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import msgspec
import psutil
import pytest
from redis.asyncio import Redis

from tests.support.product import ROOT, TILTYARD, Product, running, until


@pytest.fixture(scope="module")
def hub() -> Iterator[Product]:
    """A hub of its own, to be stopped and moved."""
    with running("installation") as product:
        yield product


def tiltyard(*arguments: str | Path, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    """Run a command to its end."""
    return subprocess.run([TILTYARD, *arguments], cwd=ROOT, input=stdin, capture_output=True, text=True, check=False, timeout=100)


async def signs_in(hub: Product, email: str, password: str) -> bool:
    async with hub.client(token=None) as http:
        answer = await http.post("/rpc/access.signIn", json={"email": email, "password": password}, headers={"x-tiltyard": "1"})
    return answer.status_code == 200


def healthy(hub: Product) -> bool:
    answer = httpx.get(f"{hub.ready['url']}/health/ready", trust_env=False)
    return answer.status_code == 200 and answer.json() == {"database": True, "redis": True}


async def test_the_ready_file_opens_every_door_it_names(hub: Product) -> None:
    assert set(hub.ready) == {"url", "email", "password", "token", "database_url", "redis_url"}
    assert healthy(hub)
    assert await signs_in(hub, hub.ready["email"], hub.ready["password"])
    assert "admin" in (await hub.ask("access.me"))["roles"]
    assert (await hub.sql("SELECT pg_get_userbyid(datdba) = current_user AS owner FROM pg_database WHERE datname = current_database()"))[0]["owner"]
    async with Redis.from_url(hub.ready["redis_url"]) as redis:
        assert (await redis.config_get("appendfsync"))["appendfsync"] == "always"


async def test_what_a_running_hub_wrote_is_its_owners_alone(hub: Product) -> None:
    ways = {hub.folder / "data", hub.folder / "data" / "servers"}
    for path in (hub.folder / "data").rglob("*"):
        if path not in ways and path.exists():
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


async def test_doctor_finds_nothing_wrong_with_a_running_hub(hub: Product) -> None:
    done = tiltyard("doctor", "--data-dir", hub.folder / "data")
    assert done.returncode == 0, done.stdout
    assert "WRONG" not in done.stdout
    assert "Valkey 9.1 has each answer on disk before it leaves" in done.stdout
    assert f"`tiltyard up` runs here, at {hub.ready['url']}" in done.stdout


def yardstick() -> float:
    """Seconds that this machine takes right now to import four of the libraries: 0.9 on a quiet one with two cores."""
    began = time.monotonic()
    subprocess.run([sys.executable, "-c", "import alembic.command, litestar, numpy, sqlalchemy.ext.asyncio"], check=True)
    return time.monotonic() - began


async def test_a_second_start_takes_under_five_seconds_and_knows_the_same_sign_in(hub: Product) -> None:
    """On a machine that is busy with other tests, the five seconds stretch as everything else does."""
    first, slowness = hub.ready, yardstick() / 0.9
    assert hub.stop() == 0
    assert hub.leftovers() == []
    began = time.monotonic()
    hub.start()
    assert time.monotonic() - began < 5 * max(1, slowness)
    for name in ("email", "database_url", "redis_url"):
        assert hub.ready[name] == first[name]
    assert hub.ready["token"] != first["token"]
    async with hub.client(token=first["token"]) as http:
        assert (await http.get("/rpc/access.me")).status_code == 401, "a start's token ends with the next start"
    assert await signs_in(hub, first["email"], first["password"])
    kept = msgspec.json.decode((hub.folder / "data" / "secrets" / "first-administrator.json").read_bytes())
    assert {name for name, value in kept.items() if value} == {"email"}
    assert "admin" in (await hub.ask("access.me"))["roles"]


async def test_a_second_up_on_the_same_folder_is_refused_and_harms_nothing(hub: Product) -> None:
    done = tiltyard("up", "--data-dir", hub.folder / "data", "--port", "0")
    assert done.returncode == 1
    assert f"already runs on the data folder {hub.folder / 'data'} (process {hub.supervisor.pid})" in done.stderr
    assert (await hub.ask("access.me"))["email"] == hub.ready["email"]


@pytest.mark.parametrize(("process", "name"), [("bin/postgres -D", "PostgreSQL"), ("valkey-server", "Redis")])
async def test_a_killed_server_comes_back_by_itself(hub: Product, process: str, name: str) -> None:
    victim = hub.child(process)
    victim.kill()
    psutil.wait_procs([victim], 10)
    until(lambda: healthy(hub), "health", 20)
    assert hub.child(process).pid != victim.pid
    assert f"{name} ended unexpectedly" in hub.output.read_text()
    assert (await hub.ask("access.me"))["email"] == hub.ready["email"]


async def test_a_backup_of_the_running_hub_comes_back_row_by_row_in_a_wiped_folder(hub: Product) -> None:
    person = {"email": "kept@example.org", "name": "Kept", "password": "a password to keep", "roles": ["viewer"]}
    await hub.call("access.people.create", **person)
    archive = hub.folder / "backup.tar"
    before = await rows(hub)
    done = tiltyard("backup", "--data-dir", hub.folder / "data", archive)
    assert done.returncode == 0, done.stderr
    await hub.call("access.people.create", **{**person, "email": "later@example.org"})

    assert hub.stop() == 0
    (hub.folder / "data").rename(hub.folder / "wiped")
    done = tiltyard("restore", "--data-dir", hub.folder / "data", archive)
    assert done.returncode == 0, done.stderr
    hub.start()
    assert await rows(hub) == before
    assert await signs_in(hub, "kept@example.org", person["password"])
    assert not await signs_in(hub, "later@example.org", person["password"])
    assert (await hub.ask("access.me"))["email"] == hub.ready["email"], "the administrator acts"

    done = tiltyard("restore", "--data-dir", hub.folder / "data", archive)
    assert done.returncode == 1
    assert "holds an installation already" in done.stderr


async def rows(hub: Product) -> dict[str, str]:
    """A hash of every table's content that nothing but people's work changes; a start makes a token of its own."""
    of_people = {"api_tokens": "name <> 'start of the hub'", "audit_entries": "action NOT LIKE 'access.tokens.%'"}
    tables = ("tenants", "people", "api_tokens", "audit_entries", "models", "versions", "groups", "phases", "members")
    found = {}
    for table in tables:
        column = "to_jsonb(t) - 'last_used_at'"
        hashed = f"md5(coalesce(string_agg(({column})::text, ',' ORDER BY ({column})::text), ''))"
        found[table] = (await hub.sql(f"SELECT count(*) || ':' || {hashed} AS h FROM {table} t WHERE {of_people.get(table, 'true')}"))[0]["h"]
    return found


async def test_a_reset_password_works_at_once(hub: Product) -> None:
    email = hub.ready["email"]
    done = tiltyard("reset-password", "--data-dir", hub.folder / "data", email, "--password-file", "-", stdin="quite another password\n")
    assert done.returncode == 0, done.stderr
    assert await signs_in(hub, email, "quite another password")
    assert not await signs_in(hub, email, hub.ready["password"])


async def test_a_tenant_without_an_administrator_gets_one_back_from_the_command_line(hub: Product) -> None:
    email = hub.ready["email"]
    await hub.sql("UPDATE people SET roles = '{viewer}', disabled = true WHERE email = $1", email)
    done = tiltyard("make-administrator", "--data-dir", hub.folder / "data", email)
    assert done.returncode == 0, done.stderr
    assert await signs_in(hub, email, "quite another password")
    assert "admin" in (await hub.sql("SELECT roles FROM people WHERE email = $1", email))[0]["roles"]
