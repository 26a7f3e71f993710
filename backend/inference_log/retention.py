"""Upkeep of a log: partitions created in advance, expired keys removed, weeks past retention removed."""

import asyncio
import itertools
import logging
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from backend.db.long_locks import awake
from backend.groups import service as groups
from backend.groups.errors import GroupNotFound
from backend.hub import Hub
from backend.ids import first_id_at
from backend.inference_log import actions, idempotency, outcome_lock, repository
from backend.inference_log import queries as log_queries
from backend.inference_log.archives.manifest import ArchiveManifest, folder_of, hold, read_manifest, settle
from backend.inference_log.archives.parquet import ArchiveUnsound, Drafted, draft, ids_in, put
from backend.inference_log.refs import LogRef, log_refs
from backend.inference_log.writer import AHEAD
from backend.outside import Outside
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork, open_work
from schemas.group_settings import LogPolicy
from schemas.groups import GroupRef

log = logging.getLogger("tiltyard.retention")
ARCHIVE_TRIES = 3
"""How often a week that changed meanwhile is archived again."""


async def keep_logs(hub: Hub) -> None:
    """Do the upkeep of every log. A failure in one log blocks no other and is tried again next time."""
    for ref in await log_refs(hub):
        try:
            await keep_log(hub, ref)
        except Exception:
            log.exception("the upkeep of the log of group %s failed", ref.slug)


async def keep_log(hub: Hub, ref: LogRef) -> list[str]:
    """Do the upkeep of one log. Return the removed partitions."""
    async with hub.work(ref.actor) as work:
        await idempotency.prune(work, ref.group_id)
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


async def _let_go(hub: Hub, ref: LogRef, policy: LogPolicy, age: timedelta) -> list[str]:
    gone: list[str] = []
    async with hub.work(ref.actor, read_only=True) as work:
        partitions = await repository.partitions(work.session, ref.group_id)
    for partition in partitions:
        if partition.until <= hub.clock.now() - age:
            await _let_week_go(hub, ref, partition, policy.retention_policy == "archive")
            gone.append(partition.name)
    return gone


async def _let_week_go(hub: Hub, ref: LogRef, week: Row[Any], archived: bool) -> None:
    """Archive the week and drop it, under one lock; again when it changed meanwhile. Raises ArchivesBusy, ArchiveUnsound."""
    for _ in range(ARCHIVE_TRIES):
        async with hub.work(ref.actor) as work:
            await hold(work.session, ref.group_id)
            drafted = await _archive(work, ref, week) if archived else None
            if await _drop(work, ref, week, drafted):
                return
    raise ArchiveUnsound(f"The week of {week.first:%Y-%m-%d} changed at every attempt to archive it. It is kept until the next time.")


async def _archive(work: UnitOfWork, ref: LogRef, week: Row[Any]) -> Drafted:
    """The week as `archives/<group_id>/week-YYYYMMDD.parquet`, verified by reading it again."""
    async with awake(work.session):
        name = await _place_of(work.hub, ref, week)
        drafted = await draft(work.hub, ref, name, first_id_at(week.first), first_id_at(week.until))
    await put(work.hub, drafted, name)
    return drafted


async def _place_of(hub: Outside, ref: LogRef, week: Row[Any]) -> str:
    """Return the week's file. After a later import, return a new one beside it: the old file holds rows that are gone from the log."""
    folder = folder_of(ref.group_id)
    await asyncio.to_thread(settle, hub.files, folder)
    name = f"{folder}/week-{week.first:%Y%m%d}.parquet"
    for number in itertools.count(2):
        there = await asyncio.to_thread(read_manifest, hub.files, name)
        if there is None or not await _holds_more(hub, ref, name, there):
            break
        name = f"{folder}/week-{week.first:%Y%m%d}-{number}.parquet"
    return name


async def _holds_more(hub: Outside, ref: LogRef, name: str, there: ArchiveManifest) -> bool:
    """Return whether an archive holds a row that is not in the log: it is then the only copy."""
    batches = ids_in(hub.files, name, there.sha256)
    async with open_work(hub, ref.actor, read_only=True) as work:
        while ids := await asyncio.to_thread(next, batches, None):
            if await log_queries.missing(work.session, ref.table_name, ids):
                return True
    return False


async def _drop(work: UnitOfWork, ref: LogRef, week: Row[Any], drafted: Drafted | None) -> bool:
    """Drop the week if it is still as archived. False when it has changed."""
    await outcome_lock.before_outcomes(work, ref.group_id)
    state = await log_queries.state(work.session, ref.table_name, first_id_at(week.first), first_id_at(week.until))
    if drafted and drafted.state != state:
        return False
    await repository.drop_partition(work.session, ref.group_id, week.name)
    said = {"first": _day(week.first), "until": _day(week.until), "rows": state.rows, "archive": plain(drafted.manifest if drafted else None)}
    work.audit(actions.INFERENCE_RETENTION, f"group:{ref.slug}", before=said)
    return True


def _day(moment: datetime) -> str:
    return moment.date().isoformat()
