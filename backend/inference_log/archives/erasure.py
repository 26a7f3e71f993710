"""Erases one entity's rows from a group's archives, batch by batch. All of it takes long: call it in a thread."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from backend.files import FileAltered, FileLost, digest_of
from backend.inference_log.archives.manifest import ArchiveManifest, publish, read_manifest
from backend.inference_log.archives.parquet import PAGE, WRITTEN, describe
from backend.inference_log.columns import PERSONAL
from backend.inference_log.errors import ArchiveUnreadable
from backend.ports import Files


class Archived(NamedTuple):
    """An archive in its place. Only a complete one has a manifest."""

    name: str
    manifest: ArchiveManifest | None

    @property
    def sha256(self) -> str | None:
        """The archive's expected SHA-256."""
        return self.manifest.sha256 if self.manifest else None


class Rewritten(NamedTuple):
    """An archive without the entity, before it takes its place."""

    name: str
    draft: Path
    manifest: ArchiveManifest | None
    rows: int
    """The number of rows that lost their entity."""

    def put(self, files: Files) -> None:
        """Move it to its place."""
        if self.manifest:
            publish(files, self.draft, self.name, self.manifest)
        else:
            files.put(self.name, self.draft, digest_of(self.draft))


def archives_in(files: Files, folder: str) -> list[Archived]:
    """Return the archives of a folder. An unreadable archive without manifest is incomplete, and its rows are still in the log: it is deleted.

    Raises ArchiveUnreadable, also when a manifest's archive is missing.
    """
    names = files.list(folder)
    found = []
    for name in sorted({name for name in names if name.endswith(".parquet")} | _named(files, folder, names)):
        one = Archived(name, _manifest(files, name))
        try:
            for _ in _batches(files, [one], []):
                break
        except ArchiveUnreadable:
            if one.manifest:
                raise
            files.delete(name)
        else:
            found.append(one)
    return found


def _named(files: Files, folder: str, names: Sequence[str]) -> set[str]:
    """Return the archives that manifests name."""
    manifests = [name for name in names if name.endswith("manifest.json")]
    return {f"{folder}/{msgspec.json.decode(_checked(files, name), type=ArchiveManifest).file}" for name in manifests}


def _manifest(files: Files, name: str) -> ArchiveManifest | None:
    with _reading(name):
        return read_manifest(files, name)


def _checked(files: Files, name: str) -> bytes:
    with _reading(name):
        return files.read(name)


def correlations_of(files: Files, archives: list[Archived], entity_key: str) -> dict[str, UUID]:
    """Return the correlation ids used only for this entity's rows, each with its inference. Raises ArchiveUnreadable."""
    import pyarrow as pa  # noqa: PLC0415  likewise
    import pyarrow.compute as pc  # noqa: PLC0415  likewise

    told_by: dict[str, UUID] = {}
    columns = ["inference_id", "entity_key", "correlation_id"]
    for batch in _batches(files, archives, columns):
        mine = batch.filter(_theirs(batch, entity_key)).drop_columns("entity_key").to_pylist()
        told_by |= {row["correlation_id"]: UUID(row["inference_id"]) for row in mine if row["correlation_id"]}
    if not told_by:
        return {}
    asked = pa.array(told_by, pa.string())
    for batch in _batches(files, archives, columns):
        others = batch.filter(pc.and_(pc.invert(_theirs(batch, entity_key)), pc.is_in(batch["correlation_id"], value_set=asked)))
        for correlation in others["correlation_id"].to_pylist():
            told_by.pop(correlation, None)
    return told_by


def rewrite(files: Files, one: Archived, entity_key: str) -> Rewritten | None:
    """Write an archive without the personal data in an entity's rows; None when it has no such rows. Raises ArchiveUnreadable, ArchiveUnsound."""
    import pyarrow.compute as pc  # noqa: PLC0415  likewise

    count = sum(pc.sum(_theirs(batch, entity_key)).as_py() or 0 for batch in _batches(files, [one], ["entity_key"]))
    if not count:
        return None
    draft, manifest = files.draft(one.name), one.manifest
    try:
        _write_without(files, one, draft, entity_key)
        if manifest:
            told = describe(draft, manifest.file, manifest)
            manifest = msgspec.structs.replace(told, erased_rows=manifest.erased_rows + count, dead_letters=manifest.dead_letters)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    return Rewritten(one.name, draft, manifest, count)


def _write_without(files: Files, one: Archived, draft: Path, entity_key: str) -> None:
    import pyarrow as pa  # noqa: PLC0415  likewise
    import pyarrow.compute as pc  # noqa: PLC0415  likewise
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    with files.open(one.name, one.sha256) as path:
        schema = pq.read_schema(path)
    with pq.ParquetWriter(draft, schema, **WRITTEN) as writer:
        for batch in _batches(files, [one]):
            theirs = _theirs(batch, entity_key)
            columns = {
                name: pc.if_else(theirs, pa.scalar(PERSONAL[name], batch[name].type), batch[name]) if name in PERSONAL else batch[name]
                for name in batch.schema.names
            }
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _theirs(batch: Any, entity_key: str) -> Any:
    import pyarrow.compute as pc  # noqa: PLC0415  likewise

    return pc.fill_null(pc.equal(batch["entity_key"], entity_key), False)


def _batches(files: Files, archives: list[Archived], columns: list[str] | None = None) -> Iterator[Any]:
    import pyarrow.parquet as pq  # noqa: PLC0415  likewise

    for one in archives:
        with _reading(one.name), files.open(one.name, one.sha256) as path:
            yield from pq.ParquetFile(path).iter_batches(PAGE, columns=columns)


@contextmanager
def _reading(name: str) -> Iterator[None]:
    import pyarrow as pa  # noqa: PLC0415  likewise

    try:
        yield
    except (pa.ArrowException, OSError, FileLost, FileAltered) as error:
        raise _unreadable(name, error) from error


def _unreadable(name: str, error: Exception) -> ArchiveUnreadable:
    said = f"The archive {name.removeprefix('archives/')} cannot be read ({type(error).__name__}), so it may still contain the entity. "
    return ArchiveUnreadable(said + "Restore it and its manifest from a backup, and try again.")
