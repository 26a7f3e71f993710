"""Prepares a snapshot in the background: its source as a file, then the Parquet file, its hash and its summary."""

import asyncio
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from backend.datasets import child, materials, service
from backend.datasets.errors import SnapshotNotReady
from backend.datasets.events import DATASET_CHANGED
from backend.datasets.reading import steps
from backend.datasets.reading.shapes import Prepared
from backend.datasets.snapshot_files import snapshot_name
from backend.errors import HubError, Invalid, NotFound
from backend.files import digest_of, private_folder
from backend.runs.context import RunContext
from schemas.common import Json
from schemas.datasets import ColumnChoice, SnapshotState


async def seal(task: RunContext) -> Json:
    """Prepare one snapshot. A problem of its rows makes it failed, with the issues; the run then succeeds, since trying again would not help."""
    snapshot_id = UUID(str(task.args["snapshot_id"]))
    async with task.hub.work(task.actor, read_only=True) as work:
        snapshot = await service.get_snapshot(work, snapshot_id)
        choices = msgspec.convert((await service.find_snapshot(work, snapshot_id)).choices, list[ColumnChoice], strict=False)
    if snapshot.state is not SnapshotState.PREPARING:
        return {"state": snapshot.state}
    folder = private_folder(task.hub.data_dir / "dataset-work" / f"{snapshot_id}-{task.claim.epoch}")
    try:
        await task.progress(5, "reading the source")
        preparation = await materials.gather(task.hub, task.actor, snapshot.source, choices, folder)
        await task.progress(30, "checking and writing the rows")
        prepared = await child.ask(steps.prepare, preparation, seconds=child.PREPARE_SECONDS)
        await task.progress(90, "storing")
        await _store(task, snapshot_id, Path(preparation.written), prepared)
    except (Invalid, NotFound, SnapshotNotReady) as error:
        await _fail(task, snapshot_id, error)
        return {"state": "failed", "message": error.message}
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    return {"state": "ready", "rows": prepared.rows, "content_hash": prepared.content_hash}


async def _store(task: RunContext, snapshot_id: UUID, written: Path, prepared: Prepared) -> None:
    sha256 = await asyncio.to_thread(digest_of, written)
    await asyncio.to_thread(task.hub.files.put, snapshot_name(snapshot_id, sha256), written, sha256)
    async with task.hub.work(task.actor) as work:
        row = await service.find_snapshot(work, snapshot_id, lock=True)
        fill(row, prepared, sha256)
        row.state = SnapshotState.READY
        slug = (await service.get_snapshot(work, snapshot_id)).slug
        if row.source["kind"] == "upload":
            await materials.release_upload(work, UUID(row.source["upload_id"]))
        work.live(DATASET_CHANGED, slug)


def fill(row: Any, prepared: Prepared, sha256: str) -> None:
    """Write the facts of a prepared file into a snapshot's row."""
    row.columns, row.rows, row.content_hash = msgspec.to_builtins(prepared.columns), prepared.rows, prepared.content_hash
    row.file_sha256, row.size_bytes = sha256, prepared.size_bytes
    row.time_from, row.time_to = prepared.time_from, prepared.time_to
    row.quality, row.preview = msgspec.to_builtins(prepared.quality), msgspec.to_builtins(prepared.preview)


async def _fail(task: RunContext, snapshot_id: UUID, error: HubError) -> None:
    async with task.hub.work(task.actor) as work:
        row = await service.find_snapshot(work, snapshot_id, lock=True)
        row.state, row.message = SnapshotState.FAILED, error.message
        row.issues, row.issue_count = msgspec.to_builtins(error.issues), int(error.data.get("count", len(error.issues)))
        if row.source["kind"] == "upload":
            await materials.reopen_upload(work, UUID(row.source["upload_id"]))
        work.live(DATASET_CHANGED, (await service.get_snapshot(work, snapshot_id)).slug)
