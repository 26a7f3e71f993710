"""One entity's rows in a group's archives, read batch by batch. All of it takes long and is for a thread of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backend.files import place
from backend.inference_log.columns import PERSONAL
from backend.inference_log.errors import ArchiveUnreadable
from backend.inference_log.manifest import ArchiveManifest, draft_of, publish, read_manifest
from backend.inference_log.parquet import PAGE, WRITTEN, describe


class Rewritten(NamedTuple):
    """An archive without the entity, which has yet to take its place. Only one that was written to its end has a manifest."""

    path: Path
    draft: Path
    manifest: ArchiveManifest | None
    rows: int
    """So many lost their entity."""

    def put(self) -> None:
        """Take its place."""
        if self.manifest:
            publish(self.draft, self.path, self.manifest)
        else:
            place(self.draft, self.path)


def archives_in(folder: Path) -> list[Path]:
    """The archives of a folder. One without manifest that cannot be read was never written to its end, its rows are in the log: it goes.

    Raises ArchiveUnreadable.
    """
    import pyarrow as pa  # noqa: PLC0415  heavy, and only archives need it
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    found = []
    for path in sorted(folder.glob("*.parquet")):
        try:
            pq.read_metadata(path)
        except (pa.ArrowException, OSError) as error:
            if read_manifest(path):
                raise _unreadable(path, error) from error
            path.unlink()
        else:
            found.append(path)
    return found


def correlations_of(paths: list[Path], entity_key: str) -> dict[str, UUID]:
    """The correlation ids under which only this entity's rows were asked for, each with its inference. Raises ArchiveUnreadable."""
    import pyarrow as pa  # noqa: PLC0415  likewise
    import pyarrow.compute as pc  # noqa: PLC0415  likewise

    told_by: dict[str, UUID] = {}
    columns = ["inference_id", "entity_key", "correlation_id"]
    for batch in _batches(paths, columns):
        mine = batch.filter(_theirs(batch, entity_key)).drop_columns("entity_key").to_pylist()
        told_by |= {row["correlation_id"]: UUID(row["inference_id"]) for row in mine if row["correlation_id"]}
    if not told_by:
        return {}
    asked = pa.array(told_by, pa.string())
    for batch in _batches(paths, columns):
        others = batch.filter(pc.and_(pc.invert(_theirs(batch, entity_key)), pc.is_in(batch["correlation_id"], value_set=asked)))
        for correlation in others["correlation_id"].to_pylist():
            told_by.pop(correlation, None)
    return told_by


def rewrite(path: Path, entity_key: str) -> Rewritten | None:
    """An archive without what is personal in an entity's rows; None where it has none of them. Raises ArchiveUnreadable, ArchiveUnsound."""
    import pyarrow.compute as pc  # noqa: PLC0415  likewise

    count = sum(pc.sum(_theirs(batch, entity_key)).as_py() or 0 for batch in _batches([path], ["entity_key"]))
    if not count:
        return None
    draft = draft_of(path)
    try:
        _write_without(path, draft, entity_key)
        manifest = read_manifest(path)
        if manifest:
            told = describe(draft, path.name, manifest)
            manifest = msgspec.structs.replace(told, erased_rows=manifest.erased_rows + count, dead_letters=manifest.dead_letters)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return Rewritten(path, draft, manifest, count)


def _write_without(path: Path, draft: Path, entity_key: str) -> None:
    import pyarrow as pa  # noqa: PLC0415  likewise
    import pyarrow.compute as pc  # noqa: PLC0415  likewise
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    schema = pq.read_schema(path)
    with pq.ParquetWriter(draft, schema, **WRITTEN) as writer:
        for batch in _batches([path]):
            theirs = _theirs(batch, entity_key)
            columns = {
                name: pc.if_else(theirs, pa.scalar(PERSONAL[name], batch[name].type), batch[name]) if name in PERSONAL else batch[name]
                for name in batch.schema.names
            }
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _theirs(batch: Any, entity_key: str) -> Any:
    import pyarrow.compute as pc  # noqa: PLC0415  likewise

    return pc.fill_null(pc.equal(batch["entity_key"], entity_key), False)


def _batches(paths: list[Path], columns: list[str] | None = None) -> Iterator[Any]:
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    for path in paths:
        with _reading(path):
            yield from pq.ParquetFile(path).iter_batches(PAGE, columns=columns)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    import pyarrow as pa  # noqa: PLC0415  likewise

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> ArchiveUnreadable:
    said = f"The archive {path.parent.name}/{path.name} cannot be read ({type(error).__name__}), so nobody can say whether it holds the entity. "
    return ArchiveUnreadable(said + "Bring it and its manifest back from a backup, and try again.")
