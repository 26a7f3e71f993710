"""Groups with rows to archive, for tests of archives."""

import hashlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from backend.actor import system
from backend.groups import delete
from backend.hub import Hub
from backend.ids import first_id_at
from backend.inference_log import erasure, retention
from backend.inference_log.archives import archive
from backend.inference_log.record import Record
from backend.inference_log.rows import rows_of
from backend.inference_log.writer import Partitions, write
from schemas.groups import DeleteGroup, Group
from schemas.log import EraseEntity, Erasure
from tests.backend.inference_log.test_retention import ref_of, set_rule
from tests.support.log_records import manifest_beside, record
from tests.support.served import Served

ENTITIES = ("client-1", "client-2", "client-3")


def old_record(served: Served, days: float, entity: str, **facts: Any) -> Record:
    identifier = first_id_at(datetime.now(UTC) - timedelta(days=days))
    said = {"version_id": served.serving.champion.id, "inputs": served.serving.inputs, "entity_key": entity, "correlation_id": f"review-{entity}", **facts}
    return record(inference_id=identifier, **said)


async def add(hub: Hub, group: Group, records: list[Record]) -> None:
    ref = await ref_of(hub, group)
    await Partitions(hub).cover(ref, [one.inference_id for one in records])
    async with hub.work(ref.actor) as work:
        assert await write(work, ref, rows_of(records, {}, work.now)) == []


async def with_entities(hub: Hub, served: Served) -> Group:
    """Make a group with an old row of each entity, past its retention."""
    group = await served.group(hub)
    await add(hub, group, [old_record(served, 13 - at / 1e6, entity) for at, entity in enumerate(ENTITIES)])
    await set_rule(hub, served, group, 2)
    return group


async def let_go(hub: Hub, group: Group) -> list[str]:
    return await retention.keep_log(hub, await ref_of(hub, group))


async def erase(hub: Hub, served: Served, group: Group, key: str) -> Erasure:
    async with hub.work(served.tenant.admin) as work:
        return await erasure.erase(work, EraseEntity(slug=group.slug, entity_key=key, confirm=key, reason="asked to be forgotten"))


async def archived(hub: Hub, served: Served, group: Group) -> Any:
    async with hub.work(served.tenant.admin) as work:
        await delete.delete(work, DeleteGroup(slug=group.slug, confirm=group.slug))
    return await archive.archive(hub, system(served.tenant.admin.tenant_id), group.id)


def folder_of(hub: Hub, group: Group) -> Path:
    return hub.data_dir / "archives" / str(group.id)


def week_in(folder: Path) -> Path:
    """Return the archive with rows; empty weeks are archived as well."""
    (path,) = (path for path in folder.glob("*.parquet") if pq.read_metadata(path).num_rows)
    return path


def rows_in(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of all archives of a folder. Each archive must match its manifest."""
    rows = []
    for path in sorted(folder.glob("*.parquet")):
        said = manifest_beside(path)
        assert said is not None
        mine = pq.read_table(path).to_pylist()
        assert (said.sha256, said.rows) == (hashlib.sha256(path.read_bytes()).hexdigest(), len(mine))
        rows += mine
    assert not [path for path in folder.iterdir() if path.suffix in (".draft", ".next")]
    return rows


def once_drafted(monkeypatch: pytest.MonkeyPatch, module: Any, action: Callable[[], Awaitable[None]]) -> None:
    """Run a function between the first export of rows and the drop."""
    real, done = module.draft, []

    async def drafting(*said: Any) -> Any:
        drafted = await real(*said)
        if drafted.manifest.rows and not done:
            done.append(True)
            await action()
        return drafted

    monkeypatch.setattr(module, "draft", drafting)
