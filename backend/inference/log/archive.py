"""A deleted group's log as Parquet with a manifest, verified by reading it again, then dropped."""

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
from sqlalchemy import Row

from backend.access.actor import Actor
from backend.audit.rules import plain
from backend.errors import HubError
from backend.inference import log_queries, repository
from backend.inference.log import service
from backend.inference.log.drain import Drainer
from backend.inference.log.layout import COLUMNS
from backend.inference.log.record import dead_key, stream_key
from backend.inference.missed import missed_key
from backend.inference.refusals import count_key, latest_key
from schemas.common import Json, Shape

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.archive")
PAGE = 5000
SETTLE_SECONDS = 1.5
"""Within this every process has stopped answering for a deleted group."""
TIMES = ("requested_at", "explained_at", "actual_at")
JSON = ("inputs", "context", "segments", "output", "explanation", "actual_history")


class IntakeNotEmpty(HubError):
    """The group's intake could not be emptied into its log; the archive waits for it."""


class ArchiveUnsound(HubError):
    """The archive just written does not read back as the log it is of; the log is kept."""


class Manifest(Shape, frozen=True, kw_only=True):
    """What an archive is and how to know it is whole."""

    group_id: UUID
    slug: str
    table_name: str
    file: str
    rows: int
    sha256: str
    columns: list[str]
    first_inference: UUID | None
    last_inference: UUID | None


async def archive(hub: "Hub", actor: Actor, group_id: UUID) -> Json:
    """Write `archives/<group_id>/log.parquet` and `manifest.json`, verify, drop the log. Gives the manifest. Safe to run twice."""
    folder = hub.files / "archives" / str(group_id)
    async with hub.work(actor, read_only=True) as work:
        ref = await repository.log_of(work.session, group_id)
    if ref is None:
        return await asyncio.to_thread(_read_manifest, folder)
    await _empty_intake(hub, group_id)
    path = folder / "log.parquet"
    async with hub.work(actor, read_only=True) as work:
        rows = await log_queries.count(work.session, ref.table_name)
        await _export(work.session, ref.table_name, path)
    manifest = await asyncio.to_thread(_describe, path, ref)
    if manifest.rows != rows:
        raise ArchiveUnsound(f"The log has {rows} rows and its archive {manifest.rows}; the log is kept.")
    await asyncio.to_thread((folder / "manifest.json").write_bytes, msgspec.json.format(msgspec.json.encode(manifest)))
    said = plain(manifest)
    await _drop(hub, actor, group_id, "groups.archived", ref.slug, said)
    return said


async def drop(hub: "Hub", actor: Actor, group_id: UUID) -> Json:
    """Drop the log. Safe to run twice."""
    async with hub.work(actor, read_only=True) as work:
        ref = await repository.log_of(work.session, group_id)
    if ref is None:
        return {"dropped": False}
    said = {"dropped": True, "table_name": ref.table_name}
    await _drop(hub, actor, group_id, "groups.dropped", ref.slug, said)
    return said


async def _drop(hub: "Hub", actor: Actor, group_id: UUID, action: str, slug: str, said: Json) -> None:
    async with hub.work(actor) as work:
        await service.drop(work, group_id)
        work.audit(action, f"group:{slug}", after=said)
    await hub.redis.delete(stream_key(group_id), dead_key(group_id), count_key(group_id), latest_key(group_id), missed_key(group_id))


async def _empty_intake(hub: "Hub", group_id: UUID) -> None:
    await asyncio.sleep(SETTLE_SECONDS)
    drainer = Drainer(hub)
    for _ in range(600):
        await drainer.drain(group_id, 60)
        if not await hub.redis.xlen(stream_key(group_id)):
            return
        await asyncio.sleep(0.1)  # another worker is at it
    raise IntakeNotEmpty


async def _export(session: Any, table: str, path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415  heavy, and only archives need it

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = _schema()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        after: UUID | None = None
        while rows := await log_queries.page_after(session, table, after, PAGE):
            await asyncio.to_thread(_write_page, writer, schema, rows)
            after = rows[-1].inference_id


def _schema() -> Any:
    import pyarrow as pa  # noqa: PLC0415  likewise

    kinds: dict[str, Any] = dict.fromkeys(COLUMNS, pa.string())
    kinds |= dict.fromkeys(TIMES, pa.timestamp("us", tz="UTC"))
    kinds |= dict.fromkeys(("phase", "bucket", "latency_us"), pa.int32())
    kinds |= dict.fromkeys(("propensity", "score", "actual"), pa.float64())
    kinds["stale"] = pa.bool_()
    return pa.schema(list(kinds.items()))


def _write_page(writer: Any, schema: Any, rows: Sequence[Row[Any]]) -> None:
    import pyarrow as pa  # noqa: PLC0415  likewise

    columns = {name: [_cell(name, value) for value in column] for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=True)}
    writer.write_table(pa.table(columns, schema=schema))


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in JSON:
        return msgspec.json.encode(value).decode()
    return str(value) if isinstance(value, UUID) else value


def _describe(path: Path, ref: Any) -> Manifest:
    """Read the archive again and say what it holds."""
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    ids = pq.read_table(path, columns=["inference_id"])["inference_id"].to_pylist()
    if len(set(ids)) != len(ids):
        raise ArchiveUnsound
    return Manifest(
        group_id=ref.group_id,
        slug=ref.slug,
        table_name=ref.table_name,
        file=path.name,
        rows=len(ids),
        sha256=digest,
        columns=pq.read_schema(path).names,
        first_inference=UUID(ids[0]) if ids else None,
        last_inference=UUID(ids[-1]) if ids else None,
    )


def _read_manifest(folder: Path) -> Json:
    path = folder / "manifest.json"
    return msgspec.json.decode(path.read_bytes()) if path.exists() else {"rows": 0}
