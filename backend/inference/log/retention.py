"""What a log needs in the long run: partitions ahead of time, keys forgotten that stand for nothing, and weeks gone that the group's rule lets go."""

import asyncio
import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Row

from backend.audit.rules import plain
from backend.groups import service as groups
from backend.groups.errors import GroupNotFound
from backend.ids import first_id_at
from backend.inference import log_queries, replays_repository, repository
from backend.inference.log.drain import log_refs
from backend.inference.log.intake import KEPT
from backend.inference.log.parquet import ArchiveUnsound, Manifest, describe, export, write_manifest
from backend.inference.log.writer import AHEAD, LogRef
from schemas.groups import GroupRef, LogPolicy

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.retention")


async def keep_logs(hub: "Hub") -> None:
    """See to every log. What fails for one is tried again the next time, and keeps no other."""
    for ref in await log_refs(hub):
        try:
            await keep_log(hub, ref)
        except Exception:
            log.exception("the log of group %s could not be seen to", ref.slug)


async def keep_log(hub: "Hub", ref: LogRef) -> list[str]:
    """See to one log; gives the partitions that went."""
    async with hub.work(ref.actor) as work:
        await replays_repository.prune(work.session, ref.tenant_id, ref.group_id, work.now - KEPT)
        try:
            group = await groups.get(work, GroupRef(slug=ref.slug))
        except GroupNotFound:
            return []
        if group.id != ref.group_id:
            return []
        await repository.add_partitions(work.session, ref.group_id, work.now, work.now + AHEAD)
    if group.log.retention_days is None or group.log.legal_hold is not None:
        return []
    return await _let_go(hub, ref, group.log, timedelta(days=group.log.retention_days))


async def _let_go(hub: "Hub", ref: LogRef, policy: LogPolicy, age: timedelta) -> list[str]:
    gone: list[str] = []
    async with hub.work(ref.actor, read_only=True) as work:
        partitions = await repository.partitions(work.session, ref.group_id)
    for partition in partitions:
        if partition.until <= hub.clock.now() - age:
            manifest = await _archive(hub, ref, partition) if policy.retention_policy == "archive" else None
            await _drop(hub, ref, partition, manifest)
            gone.append(partition.name)
    return gone


async def _archive(hub: "Hub", ref: LogRef, partition: Row[Any]) -> Manifest:
    """The week as `archives/<group_id>/week-YYYYMMDD.parquet`, verified by reading it again."""
    path = hub.files / "archives" / str(ref.group_id) / f"week-{partition.first:%Y%m%d}.parquet"
    async with hub.work(ref.actor, read_only=True) as work:
        await export(work.session, ref.table_name, path, first_id_at(partition.first), first_id_at(partition.until))
    manifest = await asyncio.to_thread(describe, path, ref.group_id, ref.slug, ref.table_name)
    await asyncio.to_thread(write_manifest, path, manifest)
    return manifest


async def _drop(hub: "Hub", ref: LogRef, partition: Row[Any], manifest: Manifest | None) -> None:
    """Drop the week, unless rows came to it since it was archived: then it is archived again the next time. Raises ArchiveUnsound."""
    async with hub.work(ref.actor) as work:
        await repository.lock_outcomes(work.session, ref.group_id)
        rows = await log_queries.count(work.session, ref.table_name, first_id_at(partition.first), first_id_at(partition.until))
        if manifest is not None and manifest.rows != rows:
            raise ArchiveUnsound(f"The week of {partition.first:%Y-%m-%d} has {rows} rows and its archive {manifest.rows}; the week is kept.")
        await repository.drop_partition(work.session, ref.group_id, partition.name)
        said = {"first": _day(partition.first), "until": _day(partition.until), "rows": rows, "archive": plain(manifest)}
        work.audit("inference.retention", f"group:{ref.slug}", before=said)


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
