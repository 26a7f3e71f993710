"""Tallies a log anew: one older than tallies, or one with doubtful tallies.

It reads a snapshot of the database. It replaces the tallies of that snapshot by counts of the snapshot's rows. Writers append meanwhile; it neither sees nor
changes their tallies, and never makes them wait.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from backend.actor import ANONYMOUS, Actor, system
from backend.comparison import actions, log_queries
from backend.comparison.from_log import tallies_of
from backend.db import tenancy
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.ids import first_id_at, moment_of
from backend.runs import service as runs
from backend.tallies import service as tallies
from backend.tallies.compaction import DAY
from backend.tallies.tally import Tally
from backend.work.unit import UnitOfWork
from schemas.common import Json
from schemas.comparison import TallyRebuild
from schemas.groups import GroupRef

REBUILD_RUN = "inference.rebuildTallies"
log = logging.getLogger("tiltyard.tally")
Progress = Callable[[float, str], Awaitable[None]]


async def ask(work: UnitOfWork, input: GroupRef) -> TallyRebuild:
    """Start a run that rebuilds a group's tallies. Raises GroupNotFound."""
    group = await groups.get(work, input)
    run_id = await runs.start(work, REBUILD_RUN, f"group:{group.slug}", {"group_id": str(group.id)})
    work.audit(actions.INFERENCE_REBUILD_TALLIES, f"group:{group.slug}", after={"run_id": str(run_id)})
    return TallyRebuild(slug=group.slug, run_id=run_id)


async def ask_due(hub: Hub) -> int:
    """Start every rebuild that is due, of every tenant. Return their number."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        due = await tallies.rebuilds_due(work)
    for group in due:
        async with hub.work(system(group.tenant_id, "tally")) as work:
            run_id = await runs.start(work, REBUILD_RUN, f"group:{group.slug}", {"group_id": str(group.group_id)})
            await tallies.ask_rebuild(work, group.group_id, run_id)
    return len(due)


async def rebuild(hub: Hub, actor: Actor, group_id: UUID, progress: Progress | None = None) -> Json:
    """Replace a group's tallies by its log's. Spans older than the log keep their tallies. Safe to run twice."""
    async with hub.work(actor, read_only=True) as work:
        found = next((group for group in await groups.list_groups(work) if group.id == group_id), None)
    if found is None:
        return {"rows": 0}
    async with _snapshot(hub, actor) as work:
        bounds = await log_queries.bounds(work.session, found.table_name)
        begin = _midnight(moment_of(bounds[0])) if bounds else None
        made = await _read(work, group_id, found.table_name, begin, moment_of(bounds[1]), progress) if begin and bounds else []
        await tallies.replace(work, group_id, made, begin)
        work.live(GROUP_CHANGED, found.slug)
    rows = sum(tally.sketch.rows for tally in made if tally.key.arm != "pair")
    log.info("the tallies of group %s were made anew from %s rows", found.slug, rows)
    return {"rows": rows, "tallies": len(made)}


async def _read(work: UnitOfWork, group_id: UUID, table: str, begin: datetime, last: datetime, progress: Progress | None) -> list[Tally]:
    """Read the log day by day, each day compacted for its age."""
    made: list[Tally] = []
    day = begin
    while day <= last:
        until = day + timedelta(seconds=DAY)
        made += await tallies_of(work, group_id, table, first_id_at(day), first_id_at(until), work.now.timestamp())
        if progress:
            await progress(min(99.0, 100 * (until - begin) / max(last - begin, timedelta(days=1))), f"{day:%Y-%m-%d}")
        day = until
    return made


@asynccontextmanager
async def _snapshot(hub: Hub, actor: Actor) -> AsyncIterator[UnitOfWork]:
    """Open a unit of work with one snapshot for all statements. Two at once cannot both replace the same tallies: one fails, and is tried again."""
    async with AsyncSession(hub.engine.execution_options(isolation_level="REPEATABLE READ"), expire_on_commit=False) as session:
        async with session.begin():
            now = await tenancy.enter(session, actor.tenant_id, read_only=False)
            work = UnitOfWork(hub, actor, session, now)
            yield work
            await work.finish()
        await work.deliver()


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
