"""Logs as Parquet files: writes PostgreSQL's rows page by page, and reads files batch by batch."""

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from backend.errors import HubError
from backend.files import digest_of
from backend.inference_log import queries as log_queries
from backend.inference_log.archives.manifest import ArchiveManifest, publish, settle
from backend.inference_log.columns import COLUMNS, JSON
from backend.inference_log.refs import LogRef
from backend.outside import Outside
from backend.ports import Files
from backend.work.unit import open_work

PAGE = 5000
WRITTEN = {"compression": "zstd", "write_page_checksum": True}
"""Parquet settings of archives."""
TIMES = ("requested_at", "explained_at", "actual_at", "erased_at")


class ArchiveUnsound(HubError):
    """The archive just written differs from its log. The log is kept; try again."""


class Drafted(NamedTuple):
    """An archive before it takes its place, and the state of its rows."""

    draft: Path
    manifest: ArchiveManifest
    state: log_queries.State


async def draft(hub: Outside, ref: LogRef, name: str, first: UUID | None = None, until: UUID | None = None) -> Drafted:
    """Write a log's rows, all or those of a span, as a draft of the archive `name`, and read it again. Raises ArchiveUnsound.

    It first settles an interrupted move. The caller holds the lock on the group's archives.
    """
    await asyncio.to_thread(settle, hub.files, name.rpartition("/")[0])
    written = hub.files.draft(name)
    try:
        async with open_work(hub, ref.actor, read_only=True) as work:
            state = await export(work.session, ref.table_name, written, first, until)
        manifest = await asyncio.to_thread(describe, written, name.rpartition("/")[2], ref)
        if manifest.rows != state.rows:
            raise ArchiveUnsound(f"The log has {state.rows} rows, but its archive has {manifest.rows}. The log is kept; try again.")
    except BaseException:
        written.unlink(missing_ok=True)
        raise
    return Drafted(written, manifest, state)


async def put(hub: Outside, drafted: Drafted, name: str) -> None:
    """Move a draft to its place."""
    await asyncio.to_thread(publish, hub.files, drafted.draft, name, drafted.manifest)


async def export(session: AsyncSession, table: str, path: Path, first: UUID | None = None, until: UUID | None = None) -> log_queries.State:
    """Write a log's rows in the order of their ids: all, or those from `first` to before `until`. Return their state."""
    import pyarrow.parquet as pq  # noqa: PLC0415  heavy, and only archives need it

    schema = _schema()
    state = log_queries.State(0, 0)
    with pq.ParquetWriter(path, schema, **WRITTEN) as writer:
        after: UUID | None = None
        while rows := await log_queries.page_after(session, table, after, PAGE, first, until, columns=log_queries.STATED):
            await asyncio.to_thread(_write_page, writer, schema, rows)
            state = state.with_rows(rows)
            after = rows[-1].inference_id
    return state


def describe(path: Path, name: str, ref: LogRef | ArchiveManifest) -> ArchiveManifest:
    """Read every column of an archive and return its manifest. `name` is its final name. Raises ArchiveUnsound."""
    import pyarrow as pa  # noqa: PLC0415  likewise
    import pyarrow.compute as pc  # noqa: PLC0415  likewise
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    rows, first, last = 0, None, ""
    try:
        file = pq.ParquetFile(path, page_checksum_verification=True)
        for batch in file.iter_batches(PAGE):
            ids = batch["inference_id"]
            batch.validate(full=True)
            if ids.null_count or ids[0].as_py() <= last or not pc.all(pc.less(ids[:-1], ids[1:]), min_count=0).as_py():
                raise ArchiveUnsound
            rows, first, last = rows + len(ids), first or ids[0].as_py(), ids[-1].as_py()
    except (pa.ArrowException, OSError) as error:
        raise ArchiveUnsound(f"The archive {name} cannot be read: {error}") from error
    return ArchiveManifest(
        group_id=ref.group_id,
        slug=ref.slug,
        table_name=ref.table_name,
        file=name,
        rows=rows,
        sha256=digest_of(path),
        columns=file.schema_arrow.names,
        first_inference=UUID(first) if first else None,
        last_inference=UUID(last) if last else None,
    )


def ids_in(files: Files, name: str, sha256: str) -> Iterator[list[UUID]]:
    """Yield an archive's ids, batch by batch. Raises FileLost, FileAltered."""
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    with files.open(name, sha256) as path:
        for batch in pq.ParquetFile(path).iter_batches(PAGE, columns=["inference_id"]):
            yield [UUID(one) for one in batch["inference_id"].to_pylist()]


def _schema() -> Any:
    import pyarrow as pa  # noqa: PLC0415  likewise

    kinds: dict[str, Any] = dict.fromkeys(COLUMNS, pa.string())
    kinds |= dict.fromkeys(TIMES, pa.timestamp("us", tz="UTC"))
    kinds |= dict.fromkeys(("phase", "bucket", "latency_us"), pa.int32())
    kinds |= dict.fromkeys(("propensity", "score", "actual", "lot", "lot_propensity"), pa.float64())
    kinds["stale"] = pa.bool_()
    return pa.schema(list(kinds.items()))


def _write_page(writer: Any, schema: Any, rows: Sequence[Row[Any]]) -> None:
    import pyarrow as pa  # noqa: PLC0415  likewise

    columns = {name: [_cell(name, value) for value in column] for name, column in zip(COLUMNS, zip(*rows, strict=True), strict=False)}
    writer.write_table(pa.table(columns, schema=schema))


def _cell(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in JSON:
        return msgspec.json.encode(value).decode()
    return str(value) if isinstance(value, UUID) else value
