"""Backup: the database, what Redis holds for the log, and the data folder's files, in one archive.

Order is what makes it whole while the hub runs. The intake is copied before the database: a prediction that was answered before the
backup began is in the copied intake, or had reached the log by then and is in the database, or both, and the drain keeps one of two.
Artifacts are written before the rows that name them and never changed, so they are copied last.
"""

import asyncio
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import asyncpg
import msgspec
from redis.asyncio import Redis

from backend.adapters.archive import FORMAT, Manifest, RedisKey, fingerprint, measure, pack
from backend.adapters.postgres_tools import count_rows, database_name, run_program
from backend.adapters.processes import Progress

_NOT_COPIED = ("servers", "servers.path", "logs", "lock", "address", "demo-filled", "secrets/servers.json")
"""Of the data folder: what belongs to this very run of the embedded servers, whose contents are copied through the servers themselves."""


async def back_up(archive: Path, data_dir: Path, database_url: str, redis_url: str, secret_key: str, revision: str | None, progress: Progress) -> Manifest:
    """Write the archive, mode 0600, in one step: a file of that name is a whole backup. The hub may run meanwhile.

    Raises SetupError where a program fails. The archive's folder must exist.
    """
    with tempfile.TemporaryDirectory(prefix=".tiltyard-backup-", dir=archive.parent) as folder:
        draft = Path(folder)
        progress("Copying the intake")
        (draft / "redis.msgpack").write_bytes(msgspec.msgpack.encode(await _read_redis(redis_url)))
        progress("Dumping the database")
        tables = await _dump(database_url, draft / "database.dump")
        progress("Copying the files")
        sources = {name: draft / name for name in ("redis.msgpack", "database.dump")}
        sources |= {f"files/{name}": data_dir / name for name in _files(data_dir)}
        members = {name: await asyncio.to_thread(measure, path) for name, path in sources.items()}
        manifest = Manifest(
            format=FORMAT,
            created_at=datetime.now(UTC),
            version=version("tiltyard"),
            revision=revision,
            secret_fingerprint=fingerprint(secret_key),
            tables=tables,
            members=members,
        )
        await asyncio.to_thread(pack, draft / "archive.tar", manifest, sources)
        (draft / "archive.tar").replace(archive)
    return manifest


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
    connection = await asyncpg.connect(database_url)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            snapshot = await connection.fetchval("SELECT pg_export_snapshot()")
            await run_program(database_url, "pg_dump", "-Fc", "--no-owner", f"--snapshot={snapshot}", "-f", str(target), "-d", database_name(database_url))
            return await count_rows(connection)
    finally:
        await connection.close()


def _files(data_dir: Path) -> Iterator[str]:
    for path in sorted(data_dir.rglob("*")):
        name = path.relative_to(data_dir).as_posix()
        if path.is_file() and not path.name.startswith(".") and not any(name == skipped or name.startswith(f"{skipped}/") for skipped in _NOT_COPIED):
            yield name
