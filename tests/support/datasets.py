"""Datasets for tests: files uploaded and sealed, runs carried out in the test's own process."""

import asyncio
from pathlib import Path
from typing import Any
from uuid import UUID

from backend.actor import Actor
from backend.datasets import service, uploads
from backend.datasets.runs import RUNS
from backend.hub import Hub
from schemas.datasets import ColumnChoice, CreateDataset, DatasetKind, DatasetSlug, SealUpload, Snapshot, Upload
from workers.execute import execute

KINDS = {kind.name: kind for kind in RUNS}


async def make_dataset(hub: Hub, actor: Actor, slug: str, kind: DatasetKind = DatasetKind.UPLOAD) -> None:
    """A dataset without rows."""
    async with hub.work(actor) as work:
        await service.create(work, CreateDataset(name=slug, slug=slug, kind=kind))


async def upload(hub: Hub, actor: Actor, slug: str, content: bytes, name: str = "rows.csv") -> Upload:
    """A file in quarantine, admitted."""
    path = await asyncio.to_thread(_quarantined, hub, content)
    try:
        return await uploads.admit(hub, actor, slug, name, path)
    finally:
        await asyncio.to_thread(path.unlink, missing_ok=True)


async def prepared(hub: Hub, actor: Actor, snapshot: Snapshot) -> Snapshot:
    """The snapshot after its run."""
    assert snapshot.run_id is not None
    await execute(hub, KINDS, "tests", snapshot.run_id)
    return await read(hub, actor, snapshot.id)


async def read(hub: Hub, actor: Actor, snapshot_id: UUID) -> Snapshot:
    """The snapshot now."""
    async with hub.work(actor, read_only=True) as work:
        return await service.get_snapshot(work, snapshot_id)


async def sealed(hub: Hub, actor: Actor, slug: str, content: bytes, choices: list[dict[str, Any]] | None = None, name: str = "rows.csv") -> Snapshot:
    """A file uploaded to a new dataset and sealed."""
    await make_dataset(hub, actor, slug)
    found = await upload(hub, actor, slug, content, name)
    async with hub.work(actor) as work:
        snapshot = await uploads.seal(work, SealUpload(upload_id=found.id, columns=[ColumnChoice(**choice) for choice in choices or []]))
    return await prepared(hub, actor, snapshot)


def _quarantined(hub: Hub, content: bytes) -> Path:
    folder = hub.data_dir / "quarantine"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "given"
    path.write_bytes(content)
    return path


async def newest(hub: Hub, actor: Actor, slug: str) -> Snapshot:
    """A dataset's newest snapshot."""
    async with hub.work(actor, read_only=True) as work:
        found = (await service.get(work, DatasetSlug(slug=slug))).newest
    assert found is not None
    return found
