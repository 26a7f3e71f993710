"""Archives a deleted group's log as Parquet with a manifest, verifies it by reading it again, then drops the log."""

import asyncio
from datetime import timedelta
from uuid import UUID

import msgspec

from backend.actor import Actor
from backend.db.long_locks import awake
from backend.errors import HubError
from backend.groups import log_policy
from backend.hub import Hub
from backend.inference_log import actions, dead_letters, outcome_lock, repository
from backend.inference_log import queries as log_queries
from backend.inference_log.archives import dead_letters as archived_dead_letters
from backend.inference_log.archives.manifest import folder_of, hold, read_manifest
from backend.inference_log.archives.parquet import ArchiveUnsound, draft, put
from backend.inference_log.drain import Drainer
from backend.inference_log.redis.keys import closed_key, count_key, dead_key, latest_key, missed_key, reasons_key, stream_key
from backend.inference_log.refs import LogRef
from backend.ports import Files
from backend.tallies import service as tallies
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.common import Json

SETTLE_SECONDS = 1.5
"""Seconds. Within this time every process stops answering for a deleted group."""
CLOSED = timedelta(days=7)
"""A process may be delayed this long with an answer and still find the intake closed."""
ARCHIVE_TRIES = 5


class IntakeNotEmpty(HubError):
    """The group's intake could not be emptied into its log, so the archive waits. Check that a worker runs and PostgreSQL answers."""


async def archive(hub: Hub, actor: Actor, group_id: UUID) -> Json:
    """Write `archives/<group_id>/log.parquet`, `manifest.json` and the dead letters, verify them, and drop the log. Returns the manifest. Safe to run twice.

    Raises LegalHold, IntakeNotEmpty, ArchivesBusy, ArchiveUnsound.
    """
    name = f"{folder_of(group_id)}/log.parquet"
    ref = await _close(hub, actor, group_id)
    for _ in range(ARCHIVE_TRIES):
        if ref is None:
            await _forget_keys(hub, group_id)
            return await asyncio.to_thread(_said, hub.files, name)
        await _empty_intake(hub, group_id)
        if await _archive_and_drop(hub, actor, ref, name):
            ref = None
    raise ArchiveUnsound("The log changed at every attempt to archive it. It is kept until the run is tried again.")


async def drop(hub: Hub, actor: Actor, group_id: UUID) -> Json:
    """Drop the log and its dead letters. Safe to run twice. Raises LegalHold."""
    ref = await _close(hub, actor, group_id)
    if ref is None:
        await _forget_keys(hub, group_id)
        return {"dropped": False}
    said: dict[str, Json] = {"dropped": True, "table_name": ref.table_name, "dead_letters": len(await dead_letters.read(hub, group_id))}
    async with hub.work(actor) as work:
        await drop_with_tallies(work, group_id)
        work.audit(actions.GROUPS_DROPPED, f"group:{ref.slug}", after=said)
    await _forget_keys(hub, group_id)
    return said


async def _close(hub: Hub, actor: Actor, group_id: UUID) -> LogRef | None:
    """Return the log if it still exists, and close its stream. A late answer is then written directly, or refused.

    Raises LegalHold.
    """
    await asyncio.sleep(SETTLE_SECONDS)
    await hub.redis.set(closed_key(group_id), b"1", ex=CLOSED)
    async with hub.work(actor, read_only=True) as work:
        await log_policy.refuse_hold_on(work, group_id)
        row = await repository.log_of(work.session, group_id)
    return LogRef(row.group_id, row.tenant_id, row.slug, row.table_name) if row else None


async def _archive_and_drop(hub: Hub, actor: Actor, ref: LogRef, name: str) -> bool:
    """Archive and drop the log under one lock. False when rows came or changed during the writing."""
    async with hub.work(actor) as work:
        await hold(work.session, ref.group_id)
        async with awake(work.session):
            drafted = await draft(hub, ref, name)
            kept = await asyncio.to_thread(archived_dead_letters.keep, hub.files, folder_of(ref.group_id), await dead_letters.read(hub, ref.group_id))
        drafted = drafted._replace(manifest=msgspec.structs.replace(drafted.manifest, dead_letters=kept))
        await put(hub, drafted, name)
        await outcome_lock.before_outcomes(work, ref.group_id)
        if await log_queries.state(work.session, ref.table_name) != drafted.state:
            return False
        await drop_with_tallies(work, ref.group_id)
        work.audit(actions.GROUPS_ARCHIVED, f"group:{ref.slug}", after=plain(drafted.manifest))
    return True


async def _forget_keys(hub: Hub, group_id: UUID) -> None:
    counts = count_key(group_id), reasons_key(group_id), latest_key(group_id), missed_key(group_id)
    await hub.redis.delete(stream_key(group_id), dead_key(group_id), *counts)


async def _empty_intake(hub: Hub, group_id: UUID) -> None:
    drainer = Drainer(hub)
    for _ in range(600):
        await drainer.drain(group_id, 60)
        if not await hub.redis.xlen(stream_key(group_id)):
            return
        await asyncio.sleep(0.1)  # another worker has done it
    raise IntakeNotEmpty


def _said(files: Files, name: str) -> Json:
    manifest = read_manifest(files, name)
    return plain(manifest) if manifest else {"rows": 0}


async def drop_with_tallies(work: UnitOfWork, group_id: UUID) -> bool:
    """Drop a deleted group's log and its tallies. False when the log is already gone."""
    await tallies.forget(work, group_id)
    return await repository.drop_log(work.session, group_id)
