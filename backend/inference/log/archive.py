"""A deleted group's log as Parquet with a manifest, verified by reading it again, then dropped."""

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from backend.access.actor import Actor
from backend.audit.rules import plain
from backend.errors import HubError
from backend.inference import log_queries, repository
from backend.inference.log import service
from backend.inference.log.drain import Drainer
from backend.inference.log.parquet import ArchiveUnsound, describe, export, read_manifest, write_manifest
from backend.inference.log.record import dead_key, stream_key
from backend.inference.missed import missed_key
from backend.inference.refusals import count_key, latest_key
from schemas.common import Json

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.archive")
SETTLE_SECONDS = 1.5
"""Within this every process has stopped answering for a deleted group."""


class IntakeNotEmpty(HubError):
    """The group's intake could not be emptied into its log; the archive waits for it."""


async def archive(hub: "Hub", actor: Actor, group_id: UUID) -> Json:
    """Write `archives/<group_id>/log.parquet` and `manifest.json`, verify, drop the log. Gives the manifest. Safe to run twice."""
    path = hub.files / "archives" / str(group_id) / "log.parquet"
    async with hub.work(actor, read_only=True) as work:
        ref = await repository.log_of(work.session, group_id)
    if ref is None:
        return await asyncio.to_thread(_said, path)
    await _empty_intake(hub, group_id)
    async with hub.work(actor, read_only=True) as work:
        rows = await log_queries.count(work.session, ref.table_name)
        await export(work.session, ref.table_name, path)
    manifest = await asyncio.to_thread(describe, path, ref.group_id, ref.slug, ref.table_name)
    if manifest.rows != rows:
        raise ArchiveUnsound(f"The log has {rows} rows and its archive {manifest.rows}; the log is kept.")
    await asyncio.to_thread(write_manifest, path, manifest)
    said = plain(manifest)
    await _drop(hub, actor, group_id, "groups.archived", ref.slug, said)
    return said


async def drop(hub: "Hub", actor: Actor, group_id: UUID) -> Json:
    """Drop the log. Safe to run twice."""
    async with hub.work(actor, read_only=True) as work:
        ref = await repository.log_of(work.session, group_id)
    if ref is None:
        return {"dropped": False}
    said = {"dropped": True, "table_name": ref.table_name}
    await _drop(hub, actor, group_id, "groups.dropped", ref.slug, said)
    return said


async def _drop(hub: "Hub", actor: Actor, group_id: UUID, action: str, slug: str, said: Json) -> None:
    async with hub.work(actor) as work:
        await service.drop(work, group_id)
        work.audit(action, f"group:{slug}", after=said)
    await hub.redis.delete(stream_key(group_id), dead_key(group_id), count_key(group_id), latest_key(group_id), missed_key(group_id))


async def _empty_intake(hub: "Hub", group_id: UUID) -> None:
    await asyncio.sleep(SETTLE_SECONDS)
    drainer = Drainer(hub)
    for _ in range(600):
        await drainer.drain(group_id, 60)
        if not await hub.redis.xlen(stream_key(group_id)):
            return
        await asyncio.sleep(0.1)  # another worker is at it
    raise IntakeNotEmpty


def _said(path: Path) -> Json:
    manifest = read_manifest(path)
    return plain(manifest) if manifest else {"rows": 0}
