"""A backup holds everything answered before it began, and comes back as it was."""

import asyncio
import itertools
import json
import os
import stat
import subprocess
import sys
import tarfile
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from redis.asyncio import Redis

from backend.adapters import restore
from backend.adapters.archive import BackupManifest, Packer, read_manifest, verify
from backend.adapters.backup import back_up
from backend.adapters.local_files import LocalFiles
from backend.adapters.processes import SetupError
from migrations.apply import _config, current_revision, head_revision, migrate
from tests.conftest import SECRET
from tests.support import servers
from tests.support.infrastructure import redis_servers

pytestmark = pytest.mark.busy

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
REDIS_FROM, REDIS_TO = 40 + WORKER, 50 + WORKER
"""Redis databases of this xdist worker's own."""


def quiet(line: str) -> None:
    """Nobody listens to the progress."""


@pytest.fixture
def source(worker_number: int, template_database: str) -> Iterator[str]:
    name = f"backup_from_{worker_number}"
    yield servers.database_url(name, template=template_database)
    servers.drop_database(name)


@pytest.fixture
def target(worker_number: int) -> Iterator[str]:
    name = f"backup_to_{worker_number}"
    yield servers.database_url(name)
    servers.drop_database(name)


@pytest.fixture
async def intake() -> AsyncIterator["Redis"]:
    async with Redis.from_url(servers.redis_url(REDIS_FROM)) as redis:
        await redis.flushdb()
        yield redis
        await redis.flushdb()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """As `up` leaves it, the embedded servers' own files among the rest."""
    for name, text in {
        "artifacts/ab/abcd.txt": "a model",
        "audit-heads/tenant.json": "the end of a chain",
        "secrets/secret_key": "key",
        "secrets/servers.json": "{}",
        "servers/postgres/PG_VERSION": "18",
        "logs/postgres.log": "x",
        "lock": "1",
    }.items():
        path = tmp_path / "data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "data"


async def fill(url: str, rows: int) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("INSERT INTO tenants SELECT gen_random_uuid(), 'tenant ' || n, now() FROM generate_series(1, $1) n", rows)
    await connection.close()


async def dump(archive: Path, data_dir: Path, source: str) -> BackupManifest:
    return await back_up(archive, data_dir, LocalFiles(data_dir), source, servers.redis_url(REDIS_FROM), "key", "20261121_house", quiet)


async def test_rows_intake_and_files_come_back_as_they_were(source: str, target: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    await fill(source, 250)
    await intake.xadd("tiltyard:group:log", {"row": b"\x00\xffbytes"}, id="5-1")
    await intake.xgroup_create("tiltyard:group:log", "drain", id="0")
    await intake.xreadgroup("drain", "worker", {"tiltyard:group:log": ">"})
    await intake.set("tiltyard:limit:x", "3", ex=600)
    await intake.zadd("tiltyard:default", {"job": 1})
    await intake.set("somebody:else", "1")
    archive = tmp_path / "backup.tar"

    manifest = await dump(archive, data_dir, source)
    verify(archive, read_manifest(archive))
    assert manifest.tables["public.tenants"] == 250
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600

    restored = tmp_path / "restored"
    restore.files(archive, manifest, restored, LocalFiles(restored))
    assert {str(path.relative_to(restored)): path.read_text() for path in restored.rglob("*") if path.is_file()} == {
        "artifacts/ab/abcd.txt": "a model",
        "audit-heads/tenant.json": "the end of a chain",
        "secrets/secret_key": "key",
    }
    await restore.database(archive, target, quiet)
    await restore.compare(manifest, target)
    async with Redis.from_url(servers.redis_url(REDIS_TO)) as redis:
        await redis.flushdb()
        assert await restore.redis(archive, servers.redis_url(REDIS_TO), quiet) == 2
        assert sorted(await redis.keys()) == [b"tiltyard:group:log", b"tiltyard:limit:x"]
        assert await redis.xrange("tiltyard:group:log") == [(b"5-1", {b"row": b"\x00\xffbytes"})]
        assert (await redis.xpending("tiltyard:group:log", "drain"))["pending"] == 1
        assert 0 < await redis.ttl("tiltyard:limit:x") <= 600
        with pytest.raises(SetupError, match="restored only into an empty Redis"):
            await restore.redis(archive, servers.redis_url(REDIS_TO), quiet)
        await redis.flushdb()


async def test_a_temporary_table_of_another_session_is_no_part_of_a_backup(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    """A drain makes one for its rows; nobody else can read it."""
    app = await asyncpg.connect(source)
    await app.execute("CREATE TEMPORARY TABLE incoming (n int)")
    manifest = await dump(tmp_path / "backup.tar", data_dir, source)
    await app.close()
    assert not [name for name in manifest.tables if "incoming" in name]


async def test_what_changes_while_it_is_copied_leaves_a_sound_archive(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    """Quarantined uploads come, grow and go, tables are made and dropped, files are replaced and taken away, as under load."""
    (data_dir / "quarantine").mkdir()
    over = threading.Event()

    def unrest() -> None:
        for n in itertools.count():
            if over.is_set():
                return
            upload = data_dir / "quarantine" / f"{n % 7}"
            upload.write_bytes(os.urandom(1 + n % 90_000))
            fresh = data_dir / "artifacts" / "ab" / f".{n}"
            fresh.write_bytes(os.urandom(1 + n * 7919 % 900_000))
            fresh.replace(data_dir / "artifacts" / "ab" / "replaced.bin")
            (data_dir / "artifacts" / "ab" / f"brief{n}").write_bytes(b"x" * 1000)
            (data_dir / "artifacts" / "ab" / f"brief{n - 3}").unlink(missing_ok=True)
            (data_dir / "quarantine" / f"{(n + 3) % 7}").unlink(missing_ok=True)

    async def tables() -> None:
        connection = await asyncpg.connect(source)
        for n in itertools.count():
            if over.is_set():
                break
            await connection.execute(f"CREATE TABLE brief{n} AS SELECT * FROM generate_series(1, 2000)")
            await connection.execute(f"DROP TABLE IF EXISTS brief{max(n - 2, 0)}")
            await asyncio.sleep(0.3)
        await connection.close()

    files, dropping = threading.Thread(target=unrest), asyncio.create_task(tables())
    files.start()
    try:
        for n in range(4):
            archive = tmp_path / f"{n}.tar"
            manifest = await dump(archive, data_dir, source)
            verify(archive, read_manifest(archive))
            assert not [name for name in manifest.members if "quarantine" in name or "/." in name]
            assert "files/artifacts/ab/replaced.bin" in manifest.members
    finally:
        over.set()
        files.join()
        await dropping


async def test_an_archive_that_is_not_what_was_written_gets_no_name(
    source: str, intake: "Redis", data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finish = Packer.finish

    def damaged(packer: Packer, manifest: BackupManifest) -> None:
        finish(packer, manifest)
        path = next(tmp_path.glob(".tiltyard-backup-*/archive.tar"))
        path.write_bytes(path.read_bytes().replace(b"a model", b"a modem"))

    monkeypatch.setattr(Packer, "finish", damaged)
    with pytest.raises(SetupError, match=r"abcd\.txt differs from what was written"):
        await dump(tmp_path / "backup.tar", data_dir, source)
    assert not list(tmp_path.glob("*.tar"))  # noqa: ASYNC240


async def test_a_backup_of_an_older_schema_is_restored_and_brought_up_to_date(worker_number: int, tmp_path: Path) -> None:
    """As the commands do it: `tiltyard restore` with servers of one's own."""
    older = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][1:4]
    for revision in older:
        url = servers.database_url(f"older_{worker_number}")
        await migrate(url, None, revision)
        connection = await asyncpg.connect(url)
        await connection.execute("INSERT INTO tenants (id, name, created_at) VALUES (gen_random_uuid(), 'kept', now())")
        await connection.close()
        data_dir = tmp_path / revision / "data"
        (data_dir / "secrets").mkdir(parents=True)
        (data_dir / "secrets" / "secret_key").write_text(SECRET)
        async with Redis.from_url(servers.redis_url(REDIS_FROM)) as redis:
            await redis.flushdb()
        archive = tmp_path / f"{revision}.tar"
        await back_up(archive, data_dir, LocalFiles(data_dir), url, servers.redis_url(REDIS_FROM), SECRET, revision, quiet)
        new = servers.database_url(f"newer_{worker_number}")
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
        environment |= {"TILTYARD_DATABASE_URL": new, "TILTYARD_REDIS_URL": servers.redis_url(REDIS_FROM)}
        command = [Path(sys.executable).with_name("tiltyard"), "restore", "--data-dir", tmp_path / revision / "restored", archive]
        done = await asyncio.to_thread(subprocess.run, command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert await current_revision(new) == head_revision()
        connection = await asyncpg.connect(new)
        assert await connection.fetchval("SELECT name FROM tenants") == "kept"
        await connection.close()
        servers.drop_database(f"newer_{worker_number}")
        servers.drop_database(f"older_{worker_number}")


async def test_a_restored_database_keeps_the_policies_and_the_app_roles_rights(
    source: str, target: str, intake: "Redis", data_dir: Path, tmp_path: Path
) -> None:
    archive = tmp_path / "backup.tar"
    await dump(archive, data_dir, source)
    await restore.database(archive, target, quiet)
    found = []
    for url in (source, target):
        connection = await asyncpg.connect(url)
        policies = await connection.fetch("SELECT tablename, policyname, qual, with_check FROM pg_policies ORDER BY 1, 2")
        grants = await connection.fetch(
            "SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = 'tiltyard_app' ORDER BY 1, 2"
        )
        functions = await connection.fetch(
            "SELECT proname, prosecdef, has_function_privilege('tiltyard_app', oid, 'EXECUTE') AS may FROM pg_proc "
            "WHERE pronamespace = 'public'::regnamespace ORDER BY 1"
        )
        owners = await connection.fetch("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'")
        found.append([[tuple(row) for row in rows] for rows in (policies, grants, functions, owners)])
        await connection.close()
    assert found[0] == found[1]
    assert found[0][0]
    assert found[0][1]


async def test_a_redis_older_than_the_server_backed_up_is_refused_before_anything_changes(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    await intake.xadd("tiltyard:group:log", {"row": "1"})
    archive = tmp_path / "backup.tar"
    await dump(archive, data_dir, source)
    with redis_servers.running(redis_servers.system_redis(), tmp_path / "redis") as url:
        async with Redis.from_url(url) as redis:
            if (await redis.info("server")).get("valkey_version"):
                pytest.skip("the system's redis-server is a Valkey")
            with pytest.raises(SetupError, match=r"cannot load the backup's intake .* Restore into Valkey"):
                await restore.check_redis(archive, url)
            assert await redis.keys() == []


async def test_a_database_with_something_in_it_is_not_written_to(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    await dump(archive, data_dir, source)
    with pytest.raises(SetupError, match="not empty"):
        await restore.database(archive, source, quiet)


async def test_rows_that_did_not_come_back_are_counted(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    await fill(source, 3)
    manifest = await dump(tmp_path / "backup.tar", data_dir, source)
    servers.superuser("DELETE FROM tenants", source.rsplit("/", 1)[1])
    with pytest.raises(SetupError, match=r"public\.tenants has 0 of 3 rows"):
        await restore.compare(manifest, source)


async def test_one_changed_byte_is_found_before_anything_is_restored(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    manifest = await dump(archive, data_dir, source)
    with tarfile.open(archive) as tar:
        at = tar.getmember("database.dump").offset_data + 100
    with archive.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))
    with pytest.raises(SetupError, match=r"damaged: database\.dump differs from what was written"):
        verify(archive, manifest)


async def test_an_archive_cut_short_is_found(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    manifest = await dump(archive, data_dir, source)
    with tarfile.open(archive) as tar:
        end = tar.getmember("database.dump").offset_data + 10
    with archive.open("r+b") as file:
        file.truncate(end)
    with pytest.raises(SetupError, match="damaged"):
        verify(archive, manifest)


def test_a_file_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(b"not a tar file")
    with pytest.raises(SetupError, match="no readable backup"):
        read_manifest(tmp_path / "photo.jpg")


async def test_an_archive_of_a_later_format_names_the_release_that_made_it(source: str, intake: "Redis", data_dir: Path, tmp_path: Path) -> None:
    archive = tmp_path / "backup.tar"
    manifest = await dump(archive, data_dir, source)
    with tarfile.open(archive) as tar:
        member = tar.getmember("manifest.json")
        text = json.loads(archive.read_bytes()[member.offset_data : member.offset_data + member.size])
    raw = archive.read_bytes()
    archive.write_bytes(raw.replace(b'"format": 1', b'"format": 2', 1))
    assert text["format"] == 1
    with pytest.raises(SetupError, match=f"format 2.*the release that made it .{manifest.version}"):
        read_manifest(archive)
