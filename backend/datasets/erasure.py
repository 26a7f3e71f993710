"""Erases one entity from a dataset: from every snapshot's file, its preview and summary, and from the appended rows."""

import asyncio
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec

from backend.datasets import actions, child, repository, service
from backend.datasets.errors import ErasureNotConfirmed, NoRowsLeft
from backend.datasets.events import DATASET_CHANGED
from backend.datasets.reading import steps
from backend.datasets.reading.shapes import Preparation, Prepared
from backend.datasets.sealing import fill
from backend.datasets.snapshot_files import fetch_snapshot, snapshot_name
from backend.datasets.tables import SnapshotTable
from backend.db.long_locks import awake
from backend.files import digest_of, private_folder
from backend.work.unit import UnitOfWork
from schemas.common import Issue
from schemas.datasets import ColumnChoice, DatasetErasure, ErasedRows, EraseFromDataset, Snapshot, SnapshotState

ALL = 10_000


async def erase(work: UnitOfWork, input: EraseFromDataset) -> DatasetErasure:
    """Remove an entity's rows. Each snapshot keeps what its hash and count were. Raises DatasetNotFound, ErasureNotConfirmed, DatasetHeld."""
    if input.confirm != input.entity_key:
        raise ErasureNotConfirmed(issues=[Issue(pointer="/confirm", message="repeat the entity key")])
    dataset = await service.find(work, input.slug, lock=True)
    service.refuse_held(dataset)
    rows, touched, fields = 0, 0, set[str]()
    for row in await repository.snapshots(work.session, work.tenant_id, dataset.id, ALL):
        snapshot = service.snapshot_of(row, dataset.slug)
        fields |= {column.name for column in snapshot.columns if column.role == "entity"}
        removed = await _erase_from(work, row, snapshot, input.entity_key) if row.state == "ready" else 0
        rows, touched = rows + removed, touched + bool(removed)
    appended = await repository.erase_rows(work.session, work.tenant_id, dataset.id, sorted(fields), input.entity_key)
    done = DatasetErasure(snapshots=touched, rows=rows, appended_rows=appended)
    work.audit(actions.DATASETS_ERASE_ENTITY, f"dataset:{dataset.slug}", after={**msgspec.to_builtins(done), "reason": input.reason})
    work.live(DATASET_CHANGED, dataset.slug)
    return done


async def _erase_from(work: UnitOfWork, row: SnapshotTable, snapshot: Snapshot, entity_key: str) -> int:
    if not any(column.role == "entity" for column in snapshot.columns):
        return 0
    folder = private_folder(work.hub.data_dir / "dataset-work" / uuid4().hex)
    try:
        async with awake(work.session):
            path = await asyncio.to_thread(fetch_snapshot, work.hub, snapshot)
            try:
                prepared, written = await _rewritten(path, snapshot, entity_key, folder)
            except NoRowsLeft:
                return _empty(work, row, snapshot)
            sha256 = await asyncio.to_thread(digest_of, written)
            removed = (snapshot.rows or 0) - prepared.rows
            if removed:
                await asyncio.to_thread(work.hub.files.put, snapshot_name(snapshot.id, sha256), written, sha256)
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)
    if removed:
        _replace(work, row, snapshot, prepared, sha256)
    return removed


def _replace(work: UnitOfWork, row: SnapshotTable, snapshot: Snapshot, prepared: Prepared, sha256: str) -> None:
    _note(work, row, snapshot, prepared.rows)
    fill(row, prepared, sha256)


def _empty(work: UnitOfWork, row: SnapshotTable, snapshot: Snapshot) -> int:
    """Every row was about the entity: the file goes, the snapshot's row stays with what it was."""
    _note(work, row, snapshot, 0)
    row.state, row.rows, row.file_sha256, row.quality, row.preview = SnapshotState.EXPIRED, 0, None, None, None
    return snapshot.rows or 0


def _note(work: UnitOfWork, row: SnapshotTable, snapshot: Snapshot, left: int) -> None:
    """Keep what hash and count were. The old file goes after the commit."""
    before = snapshot.rows or 0
    was = ErasedRows(at=work.now, rows=before - left, content_hash_before=snapshot.content_hash or "", rows_before=before)
    row.erasures = [*row.erasures, msgspec.to_builtins(was)]
    old = snapshot_name(snapshot.id, str(snapshot.file_sha256))
    work.after_commit(lambda: asyncio.to_thread(work.hub.files.delete, old))


async def _rewritten(path: Path, snapshot: Snapshot, entity_key: str, folder: Path) -> tuple[Prepared, Path]:
    written, spill = folder / "rows.parquet", folder / "spill"
    spill.mkdir()
    choices: Any = [ColumnChoice(name=column.name, type=column.type, role=column.role) for column in snapshot.columns]
    task = Preparation(
        path=str(path), format="parquet", delimiter=None, choices=choices, complete=True, written=str(written), folder=str(spill), without_entity=entity_key
    )
    return await child.ask(steps.prepare, task, seconds=child.PREPARE_SECONDS), written


async def erasures_of(work: UnitOfWork, snapshot_ids: list[UUID]) -> dict[UUID, list[ErasedRows]]:
    """Return what was erased from these snapshots. A model trained on one of them holds traces of these rows, unless it was trained later."""
    found = {}
    for snapshot_id in snapshot_ids:
        row = await repository.snapshot(work.session, work.tenant_id, snapshot_id)
        if row is not None and row.erasures:
            found[snapshot_id] = msgspec.convert(row.erasures, list[ErasedRows], strict=False)
    return found
