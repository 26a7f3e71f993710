"""Brings the source of a snapshot to this machine as one file that the limited process can read."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.datasets import from_log, repository, service
from backend.datasets.errors import UnreadableData
from backend.datasets.reading.shapes import Preparation
from backend.datasets.snapshot_files import snapshot_name, upload_name
from backend.hub import Hub
from backend.work.unit import UnitOfWork
from schemas.datasets import ColumnChoice, Condition

PAGE = 5_000


async def gather(hub: Hub, actor: Actor, source: dict[str, Any], choices: list[ColumnChoice], folder: Path) -> Preparation:
    """Return the preparation of a source, its file in the folder. Raises UnreadableData, FileLost, FileAltered, SnapshotNotReady."""
    path, spill, written = folder / "source", folder / "spill", folder / "rows.parquet"
    spill.mkdir(exist_ok=True)
    common: dict[str, Any] = {"path": str(path), "choices": choices, "written": str(written), "folder": str(spill)}
    if source["kind"] == "upload":
        await asyncio.to_thread(_copy, hub, upload_name(UUID(source["upload_id"])), source["sha256"], path)
        return Preparation(format=source["format"], delimiter=source["delimiter"], complete=True, **common)
    if source["kind"] == "decision_log":
        await _write_lines(path, _appended(hub, actor, source))
        return Preparation(format="jsonl", delimiter=None, complete=False, **common)
    if source["kind"] == "inference_log":
        seen: dict[str, None] = {}
        await _write_lines(path, from_log.read(hub, actor, source, seen))
        common["choices"] = from_log.settled(choices, seen)
        return Preparation(format="jsonl", delimiter=None, complete=False, **common)
    async with hub.work(actor, read_only=True) as work:
        parent = await service.ready_snapshot(work, UUID(source["snapshot_id"]))
    await asyncio.to_thread(_copy, hub, snapshot_name(parent.id, str(parent.file_sha256)), str(parent.file_sha256), path)
    conditions = msgspec.convert(source["conditions"], list[Condition])
    return Preparation(format="parquet", delimiter=None, complete=True, conditions=conditions, sample=source["sample"], seed=source["seed"], **common)


async def release_upload(work: UnitOfWork, upload_id: UUID) -> None:
    """Remove an uploaded file that is in a snapshot now."""
    await repository.remove_upload(work.session, work.tenant_id, upload_id)
    work.after_commit(lambda: asyncio.to_thread(work.hub.files.delete, upload_name(upload_id)))


async def reopen_upload(work: UnitOfWork, upload_id: UUID) -> None:
    """Let an uploaded file be sealed again, with other choices."""
    row = await repository.upload(work.session, work.tenant_id, upload_id, lock=True)
    if row is not None:
        row.sealed_at = None


async def _appended(hub: Hub, actor: Actor, source: dict[str, Any]) -> AsyncIterator[list[dict[str, Any]]]:
    after = 0
    while True:
        async with hub.work(actor, read_only=True) as work:
            page = await repository.rows_after(work.session, work.tenant_id, UUID(source["dataset_id"]), after, int(source["last_row"]), PAGE)
        if not page:
            return
        yield [values for _, values in page]
        after = page[-1][0]


async def _write_lines(path: Path, pages: AsyncIterator[list[dict[str, Any]]]) -> None:
    """Write JSON lines page by page. Raises UnreadableData without rows."""
    rows = 0
    with path.open("wb") as file:
        async for page in pages:
            rows += len(page)
            await asyncio.to_thread(file.write, msgspec.json.Encoder().encode_lines(page))
    if not rows:
        raise UnreadableData("The source has no rows: none was appended, or none in the window has a mature outcome. Append rows, or choose a longer window.")


def _copy(hub: Hub, name: str, sha256: str, path: Path) -> None:
    with hub.files.open(name, sha256) as stored:
        shutil.copyfile(stored, path)
