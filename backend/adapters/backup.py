"""Backup: the database, the log's data in Redis, and the data folder's files, in one archive.

The order makes it complete while the hub runs. The intake is copied before the database. A prediction answered before the backup began is in the copied intake,
or in the database, or in both; the drain keeps one of two.
Files are copied last, because each is written before the rows that name it. Each is hashed while it is copied. A group's archives are copied under their lock,
so an archive and its manifest match. The finished archive is read again before it gets its name.
"""

import asyncio
import itertools
import shutil
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec
from redis.asyncio import Redis

from backend.adapters.archive import FORMAT, BackupManifest, Packer, RedisKey, fingerprint, verify
from backend.adapters.postgres_tools import count_rows, run_program
from backend.adapters.processes import Progress, SetupError, write_private
from backend.db.addresses import connect, database_name
from backend.files import FileAltered, FileLost, place
from backend.ports import Files

_LEFT_OUT = "servers.json"
"""A secret of the data folder that belongs to this run only."""
_TRIES = 10
_VANISHED = ("does not exist", "could not open relation", "cache lookup failed")
"""Errors of pg_dump when a table disappears between its list of tables and its lock. The dump is then tried again."""


async def back_up(
    archive: Path, data_dir: Path, files: Files, database_url: str, redis_url: str, secret_key: str, revision: str | None, progress: Progress
) -> BackupManifest:
    """Write the archive, mode 0600, in one step. A file with that name is a whole backup, read again and found sound. The hub may run meanwhile.

    Raises SetupError when a program fails or the archive differs from what was written. The archive's folder must exist.
    """
    with tempfile.TemporaryDirectory(prefix=".tiltyard-backup-", dir=archive.parent) as folder:
        draft = Path(folder)
        progress("Copying the intake")
        write_private(draft / "redis.msgpack", "")
        (draft / "redis.msgpack").write_bytes(msgspec.msgpack.encode(await _read_redis(redis_url)))
        heads = await asyncio.to_thread(_staged, data_dir / "audit-heads", draft)
        progress("Dumping the database")
        tables = await _dump(database_url, draft / "database.dump")
        progress("Copying the files")
        packer = Packer(draft / "archive.tar")
        for name in ("redis.msgpack", "database.dump"):
            await asyncio.to_thread(packer.add, name, draft / name)
            (draft / name).unlink()
        for path in heads:
            await asyncio.to_thread(packer.add, f"files/audit-heads/{path.name}", path)
        await asyncio.to_thread(_copy_secrets, packer, data_dir / "secrets")
        await _copy_files(packer, files, database_url, progress)
        manifest = BackupManifest(
            format=FORMAT,
            created_at=datetime.now(UTC),
            version=version("tiltyard"),
            revision=revision,
            secret_fingerprint=fingerprint(secret_key),
            tables=tables,
            members=packer.members,
        )
        await asyncio.to_thread(packer.finish, manifest)
        progress("Checking the archive")
        await asyncio.to_thread(verify, draft / "archive.tar", manifest)
        place(draft / "archive.tar", archive)
    return manifest


def _staged(folder: Path, draft: Path) -> list[Path]:
    """Copy the noted ends of audit chains before the dump. An end later than the chain would look like a cut chain."""
    staged = draft / folder.name
    staged.mkdir(mode=0o700)
    return [Path(shutil.copyfile(path, staged / path.name)) for path in sorted(folder.glob("*.json"))]


def _copy_secrets(packer: Packer, folder: Path) -> None:
    for path in sorted(folder.glob("[!.]*")):
        if path.is_file() and path.name != _LEFT_OUT:
            packer.add(f"files/secrets/{path.name}", path)


async def _copy_files(packer: Packer, files: Files, database_url: str, progress: Progress) -> None:
    connection = await connect(database_url)
    try:
        for folder in await asyncio.to_thread(_folders, files):
            async with connection.transaction():
                if folder.startswith("archives/"):
                    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"archives:{folder.split('/')[1]}")
                await asyncio.to_thread(_copy_folder, packer, files, folder, progress)
    finally:
        await connection.close()


def _folders(files: Files) -> list[str]:
    """Return the folders of archives, one per group."""
    return [*sorted({"/".join(name.split("/")[:2]) for name in files.list("archives")}), "artifacts"]


def _copy_folder(packer: Packer, files: Files, folder: str, progress: Progress) -> None:
    for name in files.list(folder):
        try:
            with files.open(name) as path:
                packer.add(f"files/{name}", path)
        except (FileLost, FileNotFoundError):  # deleted since
            continue
        except FileAltered as error:
            progress(f"Left out: {error}")


async def _read_redis(url: str) -> list[RedisKey]:
    """Return the hub's own keys, without ARQ's: due runs are in PostgreSQL, and the sweep sends them again."""
    found: list[RedisKey] = []
    async with Redis.from_url(url) as client:
        async for key in client.scan_iter(match="tiltyard:*", count=1000):
            if await client.type(key) == b"zset":  # ARQ's queues
                continue
            dump, left = await client.dump(key), await client.pttl(key)
            if dump is not None:
                found.append(RedisKey(key=key, dump=dump, milliseconds=max(left, 0)))
    return found


async def _dump(database_url: str, target: Path) -> dict[str, int]:
    """Run pg_dump and count the rows in one snapshot."""
    connection = await connect(database_url)
    try:
        attempts = itertools.count(1)
        while True:
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
                    given = ("-Fc", "--no-owner", f"--snapshot={snapshot}", "-f", str(target), "-d", database_name(database_url))
                    await run_program(database_url, "pg_dump", *given)
                    return await count_rows(connection)
            except SetupError as error:
                if next(attempts) == _TRIES or not any(sign in str(error) for sign in _VANISHED):
                    raise
    finally:
        await connection.close()
