"""Restores a backup into an empty data folder and empty servers."""

import tarfile
import tempfile
from pathlib import Path

import msgspec
from redis.asyncio import Redis
from redis.exceptions import ResponseError

from backend.adapters.archive import BackupManifest, RedisKey, copy_out, read_member
from backend.adapters.postgres_tools import TABLES, count_rows, run_program
from backend.adapters.processes import Progress, SetupError
from backend.db.addresses import connect, database_name
from backend.ports import Files

_PLACES = ("archives/", "artifacts/", "audit-heads/", "secrets/")
_TRIAL = "tiltyard:restore-trial"


def files(archive: Path, manifest: BackupManifest, data_dir: Path, kept: Files) -> None:
    """Unpack secrets and noted audit heads into the data folder, mode 0600, and all other files into the hub's storage."""
    with tarfile.open(archive) as tar:
        for member, said in manifest.members.items():
            if not member.startswith("files/"):
                continue
            name = member.removeprefix("files/")
            if ".." in name.split("/") or not name.startswith(_PLACES):
                raise SetupError(f"{archive} names a file outside the data folder ({name}); it was not made by `tiltyard backup`.")
            if name.startswith(("audit-heads/", "secrets/")):
                (data_dir / name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                copy_out(tar, member, data_dir / name)
            elif name.startswith("artifacts/") or name.endswith(".parquet"):
                draft = kept.draft(name)
                copy_out(tar, member, draft)
                kept.put(name, draft, said.sha256)
            else:
                kept.write(name, read_member(tar, member))


async def database(archive: Path, database_url: str, progress: Progress) -> None:
    """Load the dump into an empty database, all or nothing. Raises SetupError when the database is not empty."""
    connection = await connect(database_url)
    try:
        if await connection.fetchval(f"SELECT count(*) FROM ({TABLES}) AS present"):  # noqa: S608 (our own constant)
            raise SetupError("The database is not empty. A backup is restored only into an empty database; name another one.")
        if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = 'tiltyard_app'"):
            await connection.execute("CREATE ROLE tiltyard_app LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOINHERIT")
    finally:
        await connection.close()
    progress("Loading the database")
    with tempfile.TemporaryDirectory(prefix="tiltyard-restore-") as folder, tarfile.open(archive) as tar:
        dump = Path(folder) / "database.dump"
        copy_out(tar, "database.dump", dump)
        await run_program(database_url, "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", "-d", database_name(database_url), str(dump))


async def check_redis(archive: Path, redis_url: str) -> None:
    """Check that Redis can take the archive's keys: none of them exists, and it reads their format. Nothing lasting changes. Raises SetupError."""
    keys = _redis_keys(archive)
    async with Redis.from_url(redis_url) as client:
        for item in keys:
            if await client.exists(item.key):
                raise SetupError(f"Redis already holds {item.key.decode(errors='replace')}. A backup is restored only into an empty Redis; name another one.")
        for item in keys[:1]:
            try:
                await client.restore(_TRIAL, 1000, item.dump, replace=True)
            except ResponseError as error:
                raise SetupError(
                    f"This Redis cannot load the backup's intake ({error}), because it is older than the server of the backup. "
                    "Restore into Valkey of the same or a newer release (the embedded one is), or let the workers empty the intake and make a new backup."
                ) from error
            await client.delete(_TRIAL)


async def redis(archive: Path, redis_url: str, progress: Progress) -> int:
    """Restore the intake and return the number of keys. Raises SetupError as `check_redis` does."""
    await check_redis(archive, redis_url)
    progress("Loading the intake")
    keys = _redis_keys(archive)
    async with Redis.from_url(redis_url) as client:
        for item in keys:
            await client.restore(item.key, item.milliseconds, item.dump)
    return len(keys)


async def compare(manifest: BackupManifest, database_url: str) -> None:
    """Check that every table has its number of rows. Raises SetupError with the differences."""
    connection = await connect(database_url)
    try:
        found = await count_rows(connection)
    finally:
        await connection.close()
    wrong = [f"{name} has {found.get(name, 0)} of {rows} rows" for name, rows in manifest.tables.items() if found.get(name) != rows]
    if wrong:
        raise SetupError(f"The restored database differs from the backup: {'; '.join(wrong)}.")


def _redis_keys(archive: Path) -> list[RedisKey]:
    with tarfile.open(archive) as tar:
        return msgspec.msgpack.decode(read_member(tar, "redis.msgpack"), type=list[RedisKey])
