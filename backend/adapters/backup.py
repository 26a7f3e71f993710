"""Backup: the database, what Redis holds for the log, and the data folder's files, in one archive.

Order is what makes it whole while the hub runs. The intake is copied before the database: a prediction that was answered before the
backup began is in the copied intake, or had reached the log by then and is in the database, or both, and the drain keeps one of two.
Files are copied last, for each is written before the rows that name it. Each is hashed as it is copied; a group's archives are copied under
their lock, so an archive and its manifest belong together. The finished archive is read again before it gets its name.
"""

import asyncio
import contextlib
import itertools
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
from backend.files import place

_COPIED = ("archives", "artifacts", "secrets")
"""Of the data folder. All else is made anew, belongs to this very run, or is copied through the servers."""
_LEFT_OUT = "secrets/servers.json"
_UNFINISHED = (".table", ".draft")
"""Suffixes of caches, and of files that have not taken their place."""
_TRIES = 10
_VANISHED = ("does not exist", "could not open relation", "cache lookup failed")
"""What pg_dump says where a table went in the moment between its list of tables and its lock: it is tried again."""


async def back_up(
    archive: Path, data_dir: Path, database_url: str, redis_url: str, secret_key: str, revision: str | None, progress: Progress
) -> BackupManifest:
    """Write the archive, mode 0600, in one step: a file of that name is a whole backup, read again and found sound. The hub may run meanwhile.

    Raises SetupError where a program fails or the archive is not what was written. The archive's folder must exist.
    """
    with tempfile.TemporaryDirectory(prefix=".tiltyard-backup-", dir=archive.parent) as folder:
        draft = Path(folder)
        progress("Copying the intake")
        write_private(draft / "redis.msgpack", "")
        (draft / "redis.msgpack").write_bytes(msgspec.msgpack.encode(await _read_redis(redis_url)))
        progress("Dumping the database")
        tables = await _dump(database_url, draft / "database.dump")
        progress("Copying the files")
        packer = Packer(draft / "archive.tar")
        for name in ("redis.msgpack", "database.dump"):
            await asyncio.to_thread(packer.add, name, draft / name)
            (draft / name).unlink()
        await _copy_files(packer, data_dir, database_url)
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


async def _copy_files(packer: Packer, data_dir: Path, database_url: str) -> None:
    connection = await connect(database_url)
    try:
        for folder in _folders(data_dir):
            async with connection.transaction():
                if folder.parent.name == "archives":
                    await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"archives:{folder.name}")
                await asyncio.to_thread(_copy_folder, packer, data_dir, folder)
    finally:
        await connection.close()


def _folders(data_dir: Path) -> list[Path]:
    """Each group's archives are a folder by themselves."""
    return [*sorted((data_dir / "archives").glob("*/")), *(data_dir / name for name in _COPIED if name != "archives")]


def _copy_folder(packer: Packer, data_dir: Path, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(data_dir).as_posix()
        if name == _LEFT_OUT or path.name.startswith(".") or path.suffix in _UNFINISHED or not path.is_file():
            continue
        with contextlib.suppress(FileNotFoundError):  # taken away since
            packer.add(f"files/{name}", path)


async def _read_redis(url: str) -> list[RedisKey]:
    """The hub's own keys. ARQ's are left out: what is due stands in PostgreSQL, and the sweep asks for it again."""
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
    """pg_dump and the row counts see one and the same moment."""
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
