"""What becomes of a deleted group's log."""

import hashlib
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pyarrow.parquet as pq
import pytest
from sqlalchemy import text

from backend.actor import system
from backend.db.identifiers import quoted
from backend.groups import delete
from backend.groups.errors import GroupNotFound
from backend.hub import Hub
from backend.inference_log.archives import archive
from backend.inference_log.archives.manifest import ArchiveManifest
from backend.inference_log.columns import COLUMNS
from backend.inference_log.redis.keys import closed_key
from schemas.groups import DeleteGroup, Group
from schemas.inference import PredictBody
from tests.support.predictions import ask
from tests.support.served import Served


async def deleted(hub: Hub, served: Served, predictions: int) -> tuple[Group, set[UUID]]:
    group = await served.group(hub)
    ids: set[UUID] = set()
    if predictions:
        ids = {one.inference_id for one in await ask(hub, served.tenant, group, PredictBody(inputs=[served.serving.inputs] * predictions))}
    async with hub.work(served.tenant.admin) as work:
        await delete.delete(work, DeleteGroup(slug=group.slug, confirm=group.slug))
    return group, ids


async def table_is_there(hub: Hub, group: Group) -> bool:
    async with hub.work(system(None), read_only=True) as work:
        return (await work.session.execute(text("SELECT to_regclass(:t)"), {"t": quoted(group.table_name)})).scalar_one() is not None


async def test_the_archive_holds_every_row_and_its_manifest_proves_it(hub: Hub, served: Served) -> None:
    group, ids = await deleted(hub, served, 300)
    with pytest.raises(GroupNotFound):
        await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs))
    actor = system(served.tenant.admin.tenant_id)
    said: Any = await archive.archive(hub, actor, group.id)
    folder: Path = hub.data_dir / "archives" / str(group.id)
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=ArchiveManifest)
    rows = pq.read_table(folder / "log.parquet").to_pylist()
    assert {UUID(row["inference_id"]) for row in rows} == ids
    assert (manifest.rows, manifest.columns) == (300, list(COLUMNS))
    assert manifest.sha256 == said["sha256"] == hashlib.sha256((folder / "log.parquet").read_bytes()).hexdigest()
    assert msgspec.json.decode(rows[0]["inputs"]) == served.serving.inputs
    assert not await table_is_there(hub, group)
    assert await archive.archive(hub, actor, group.id) == msgspec.to_builtins(manifest, str_keys=True), "a second run changes nothing"


async def test_an_empty_log_is_archived_too(hub: Hub, served: Served) -> None:
    group, _ = await deleted(hub, served, 0)
    said: Any = await archive.archive(hub, system(served.tenant.admin.tenant_id), group.id)
    assert (said["rows"], said["first_inference"]) == (0, None)


async def test_dropping_leaves_no_table_and_only_for_a_time_the_mark_that_the_intake_is_closed(hub: Hub, served: Served) -> None:
    group, _ = await deleted(hub, served, 5)
    actor = system(served.tenant.admin.tenant_id)
    assert await archive.drop(hub, actor, group.id) == {"dropped": True, "table_name": group.table_name, "dead_letters": 0}
    assert await archive.drop(hub, actor, group.id) == {"dropped": False}
    assert not await table_is_there(hub, group)
    assert [key async for key in hub.redis.scan_iter(match=f"tiltyard:{group.id}:*")] == [closed_key(group.id).encode()]
    assert await hub.redis.ttl(closed_key(group.id)) > 0
