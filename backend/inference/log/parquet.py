"""Logs as Parquet files, each with a manifest: how many rows, and the SHA-256 of the file."""

import asyncio
import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import HubError
from backend.inference import log_queries
from backend.inference.log.layout import COLUMNS, JSON, PERSONAL
from schemas.common import Shape

PAGE = 5000
TIMES = ("requested_at", "explained_at", "actual_at", "erased_at")


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
    erased_rows: int = 0
    """Rows whose entity was forgotten since."""


def manifest_path(path: Path) -> Path:
    """Where an archive's manifest is: `manifest.json` beside `log.parquet`, else `<name>.manifest.json`."""
    return path.with_name("manifest.json" if path.stem == "log" else f"{path.stem}.manifest.json")


async def export(session: AsyncSession, table: str, path: Path, first: UUID | None = None, until: UUID | None = None) -> None:
    """Write a log's rows in the order of their ids, all or those from `first` up to but not with `until`. `table` is not quoted."""
    import pyarrow.parquet as pq  # noqa: PLC0415  heavy, and only archives need it

    path.parent.mkdir(parents=True, exist_ok=True)
    schema = _schema()
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        after: UUID | None = None
        while rows := await log_queries.page_after(session, table, after, PAGE, first, until):
            await asyncio.to_thread(_write_page, writer, schema, rows)
            after = rows[-1].inference_id
    with path.open("rb") as file:
        os.fsync(file.fileno())


def describe(path: Path, group_id: UUID, slug: str, table_name: str, erased_rows: int = 0) -> Manifest:
    """Read an archive again and say what it holds. Raises ArchiveUnsound."""
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    ids = pq.read_table(path, columns=["inference_id"])["inference_id"].to_pylist()
    if len(set(ids)) != len(ids):
        raise ArchiveUnsound
    return Manifest(
        group_id=group_id,
        slug=slug,
        table_name=table_name,
        file=path.name,
        rows=len(ids),
        sha256=digest,
        columns=pq.read_schema(path).names,
        first_inference=UUID(ids[0]) if ids else None,
        last_inference=UUID(ids[-1]) if ids else None,
        erased_rows=erased_rows,
    )


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Put the manifest of an archive beside it, on disk."""
    with manifest_path(path).open("wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(manifest)))
        file.flush()
        os.fsync(file.fileno())


def read_manifest(path: Path) -> Manifest | None:
    """The manifest of an archive, if there is one."""
    there = manifest_path(path)
    return msgspec.json.decode(there.read_bytes(), type=Manifest) if there.exists() else None


def forget_entity(folder: Path, entity_key: str) -> int:
    """Take what is personal out of an entity's rows in every archive of a folder, and renew their manifests; how many rows."""
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    forgotten = 0
    for path in sorted(folder.glob("*.parquet")):
        manifest = read_manifest(path)
        count = pq.read_table(path, columns=["entity_key"])["entity_key"].to_pylist().count(entity_key)
        if manifest and count:
            _rewrite(path, entity_key)
            renewed = describe(path, manifest.group_id, manifest.slug, manifest.table_name, manifest.erased_rows + count)
            write_manifest(path, renewed)
            forgotten += count
    return forgotten


def _rewrite(path: Path, entity_key: str) -> None:
    import pyarrow as pa  # noqa: PLC0415  likewise
    import pyarrow.compute as pc  # noqa: PLC0415  likewise
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    draft = path.with_suffix(".draft")
    file = pq.ParquetFile(path)
    with pq.ParquetWriter(draft, file.schema_arrow, compression="zstd") as writer:
        for batch in file.iter_batches(PAGE):
            theirs = pc.fill_null(pc.equal(batch["entity_key"], entity_key), False)
            columns = {}
            for name in batch.schema.names:
                blank = PERSONAL.get(name, "")
                columns[name] = batch[name] if name not in PERSONAL else pc.if_else(theirs, pa.scalar(blank, batch[name].type), batch[name])
            writer.write_batch(pa.record_batch(columns, schema=file.schema_arrow))
    draft.replace(path)


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
