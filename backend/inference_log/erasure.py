"""Erases one entity from rows. The rows stay for the counts, with their answers and outcomes."""

import asyncio
import hashlib
import hmac
import time
from typing import NamedTuple
from uuid import UUID

from redis.exceptions import RedisError

from backend.db.long_locks import awake
from backend.groups import log_policy
from backend.groups.errors import NotConfirmed
from backend.groups.events import GROUP_CHANGED
from backend.inference_log import actions, dead_letters, outcome_lock, repository
from backend.inference_log.archives import dead_letters as archived_dead_letters
from backend.inference_log.archives import erasure as archive_erasure
from backend.inference_log.archives.erasure import Archived
from backend.inference_log.archives.manifest import folder_of, hold, settle
from backend.inference_log.errors import IntakeAway, IntakeBusy
from backend.inference_log.redis.keys import stream_key
from backend.outside import Outside
from backend.work.unit import UnitOfWork, open_work
from schemas.common import Issue
from schemas.log import EraseEntity, Erasure

INTAKE_SECONDS = 20.0


class Erased(NamedTuple):
    """The number of rows of one log about the entity."""

    rows: int = 0
    outcomes: int = 0
    dead_letters: int = 0
    archived_rows: int = 0


async def erase(work: UnitOfWork, input: EraseEntity) -> Erasure:
    """Remove the personal data in an entity's rows everywhere: log, intake, dead letters, archives, the outcomes' ledger.

    Deleted groups with that slug are searched too. Raises GroupNotFound, NotConfirmed, LegalHold, IntakeBusy, IntakeAway, ArchivesBusy, ArchiveUnreadable.
    """
    if input.confirm != input.entity_key:
        raise NotConfirmed("To confirm the erasure, repeat the entity key in `confirm`.", issues=[Issue(pointer="/confirm", message="repeat the entity key")])
    group_ids = await log_policy.every_unheld(work, input.slug)
    for group_id in group_ids:
        await hold(work.session, group_id)
    found = [await _forget(work, group_id, input.entity_key) for group_id in group_ids]
    found += [await _erase(work, group_id, input.entity_key) for group_id in group_ids]
    counts = Erased(*(sum(column) for column in zip(*found, strict=True)))._asdict()
    erased = Erasure(entity=_digest(work.hub, input.entity_key), **counts)
    work.audit(actions.INFERENCE_ERASE_ENTITY, f"group:{input.slug}", after={**counts, "entity": erased.entity, "reason": input.reason})
    work.live(GROUP_CHANGED, input.slug)
    return erased


async def _forget(work: UnitOfWork, group_id: UUID, entity_key: str) -> Erased:
    """Do the slow part before rows are locked: rewrite the archives without the entity, and move the intake into the log."""
    files, folder = work.hub.files, folder_of(group_id)
    there = await repository.log_of(work.session, group_id)
    async with awake(work.session):
        await asyncio.to_thread(settle, files, folder)
        archives = await asyncio.to_thread(archive_erasure.archives_in, files, folder)
        outcomes = await _unname_archived(work, group_id, there and there.table_name, archives, entity_key)
        dead = await asyncio.to_thread(archived_dead_letters.forget, files, folder, entity_key)
        if there:
            await pass_intake(work.hub, group_id)
    rows = sum([await _forget_in(work, one, entity_key) for one in archives])
    return Erased(archived_rows=rows, outcomes=outcomes, dead_letters=dead)


async def _forget_in(work: UnitOfWork, one: Archived, entity_key: str) -> int:
    """Rewrite one archive without the entity. It takes its place once the lock is known to be held. Return the number of rows."""
    async with awake(work.session):
        rewritten = await asyncio.to_thread(archive_erasure.rewrite, work.hub.files, one, entity_key)
    if rewritten is None:
        return 0
    await asyncio.to_thread(rewritten.put, work.hub.files)
    return rewritten.rows


async def _unname_archived(work: UnitOfWork, group_id: UUID, table: str | None, archives: list[Archived], entity_key: str) -> int:
    """Replace archived rows' correlation ids in the ledger. Return the number of outcomes.

    Commit this before the archives lose these ids: a repeated erasure would not know them.
    """
    told_by = await asyncio.to_thread(archive_erasure.correlations_of, work.hub.files, archives, entity_key)
    if not told_by:
        return 0
    async with open_work(work.hub, work.actor) as now:
        await outcome_lock.before_outcomes(now, group_id)
        return await _tell(now, group_id, table, told_by)


async def _erase(work: UnitOfWork, group_id: UUID, entity_key: str) -> Erased:
    log = await repository.log_of(work.session, group_id)
    if log is None:
        return Erased()
    await outcome_lock.before_outcomes(work, group_id)
    await log_policy.refuse_hold_on(work, group_id)  # the work until here took long
    rows = await repository.erase(work.session, log.table_name, entity_key, work.now)
    told_by = {row.correlation_id: row.inference_id for row in rows if row.correlation_id}
    outcomes = await _tell(work, group_id, log.table_name, told_by)
    dead = [letter for letter in await dead_letters.read(work.hub, group_id) if (record := dead_letters.record_of(letter)) and record.entity_key == entity_key]
    await dead_letters.remove(work.hub, group_id, dead)
    return Erased(len(rows), outcomes, len(dead))


async def _tell(work: UnitOfWork, group_id: UUID, table: str | None, correlations: dict[str, UUID]) -> int:
    """Notify the log's observers. Return how many outcomes lost a correlation id."""
    return sum([await observer.on_erasure(work, group_id, table, correlations) for observer in work.hub.observers])


async def pass_intake(hub: Outside, group_id: UUID) -> None:
    """Wait until the current intake is in the log. Raises IntakeBusy, IntakeAway."""
    deadline = time.monotonic() + INTAKE_SECONDS
    try:
        last = await hub.redis.xrevrange(stream_key(group_id), count=1)
        while last and (first := await hub.redis.xrange(stream_key(group_id), max=last[0][0], count=1)):
            if time.monotonic() > deadline:
                raise IntakeBusy(f"Predictions since {first[0][0].decode()} are still on their way into the log.")
            await hub.queue.drain(group_id)
            await asyncio.sleep(0.1)
    except (RedisError, OSError):
        raise IntakeAway from None


def _digest(hub: Outside, entity_key: str) -> str:
    """Return the entity key's digest for the audit log. With the key and the installation's secret anybody can verify it."""
    return hmac.new((hub.settings.secret_key or "").encode(), entity_key.encode(), hashlib.sha256).hexdigest()
