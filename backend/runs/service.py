"""Runs: a change creates them, a worker executes them, people watch and cancel them."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from backend.ids import new_id
from backend.live.service import Topic
from backend.runs import actions, repository
from backend.runs.claims import RUN_LEASE
from backend.runs.errors import RunFinished, RunNotFound
from backend.runs.events import RUN_CHANGED
from backend.runs.rules import shown
from backend.runs.tables import RunRow
from backend.work.unit import UnitOfWork
from schemas.common import Json
from schemas.runs import CancelRun, ListRuns, Run, RunRef, RunStatus, WatchRuns, WorkerHealth

SILENCE = timedelta(seconds=20)
"""A worker silent for this long counts as dead."""
NEWEST = 20
"""The number of runs that a watcher gets at the beginning."""
OPEN = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.LOST)


async def start(work: UnitOfWork, kind: str, subject: str, args: dict[str, Json], delay: timedelta = timedelta()) -> UUID:
    """Insert a run's row in this transaction. After the commit a worker is asked."""
    run_id = new_id()
    row = RunRow(id=run_id, tenant_id=work.tenant_id, kind=kind, subject=subject, args=args, status=RunStatus.QUEUED, attempts=0, created_at=work.now)
    row.epoch = row.deaths = 0
    row.due_at = work.now + delay
    row.asked_at = work.now
    work.session.add(row)
    tell(work, row)
    work.start_run(run_id, kind, delay or None)
    return run_id


async def browse(work: UnitOfWork, input: ListRuns) -> list[Run]:
    """Return runs, newest first."""
    rows = await repository.newest(work.session, work.tenant_id, input.kind, input.status, input.limit, RUN_LEASE)
    return [shown(row, work.now, RUN_LEASE) for row in rows]


async def get(work: UnitOfWork, input: RunRef) -> Run:
    """Return one run. Raises RunNotFound."""
    row = await repository.get(work.session, work.tenant_id, input.run_id)
    if row is None:
        raise RunNotFound
    return shown(row, work.now, RUN_LEASE)


async def cancel(work: UnitOfWork, input: CancelRun) -> Run:
    """Cancel a run: at once when no worker holds it, else its worker stops it within moments. Raises RunNotFound, RunFinished."""
    row = await repository.get(work.session, work.tenant_id, input.run_id, lock=True)
    if row is None:
        raise RunNotFound
    before = shown(row, work.now, RUN_LEASE)
    if before.status not in OPEN:
        raise RunFinished(f"The run has ended: it is {before.status}. There is nothing to cancel.")
    row.cancel_requested_at = row.cancel_requested_at or work.now
    row.cancel_reason = f"Cancelled by {work.actor.name}" + (f": {input.reason}" if input.reason else ".")
    if before.status is not RunStatus.RUNNING:
        row.status, row.error, row.finished_at = RunStatus.CANCELLED, row.cancel_reason, work.now
    await work.session.flush()
    run = tell(work, row)
    work.audit(actions.RUNS_CANCEL, f"run:{row.id}", {"status": before.status}, {"status": run.status, "reason": input.reason})
    return run


async def beat(work: UnitOfWork, worker_id: str, host: str, pid: int) -> None:
    """Record a worker's heartbeat."""
    await repository.beat(work.session, worker_id, host, pid)


async def leave(work: UnitOfWork, worker_id: str) -> None:
    """Record that a worker ends."""
    await repository.forget(work.session, worker_id)


async def workers(work: UnitOfWork) -> list[WorkerHealth]:
    """Return the workers heard of in the last day."""
    return [
        WorkerHealth(worker_id=row.worker_id, host=row.host, pid=row.pid, seen_at=row.seen_at, alive=row.seen_at > work.now - SILENCE)
        for row in await repository.workers(work.session)
    ]


async def states(work: UnitOfWork) -> tuple[dict[RunStatus, int], dict[RunStatus, int]]:
    """Runs of all tenants by state: those that are open now, and those that ended in the last hour. Every state has its number."""
    counted = {(RunStatus(row.status), row.ended): int(row.runs) for row in await repository.states(work.session, RUN_LEASE)}
    ended = [status for status in RunStatus if status not in OPEN]
    return {one: counted.get((one, False), 0) for one in OPEN}, {one: counted.get((one, True), 0) for one in ended}


def topic(input: WatchRuns) -> Topic[Run]:
    """Send every change of all runs, or of one. First send the newest runs, oldest first. Raises RunNotFound."""

    async def now(work: UnitOfWork) -> list[Run]:
        if input.run_id is not None:
            return [await get(work, RunRef(run_id=input.run_id))]
        return (await browse(work, ListRuns(limit=NEWEST)))[::-1]

    return Topic(RUN_CHANGED, now, str(input.run_id) if input.run_id else None)


def tell(work: UnitOfWork, row: RunRow) -> Run:
    """Notify watchers of the run's current state."""
    run = shown(row, work.now, RUN_LEASE)
    work.live(RUN_CHANGED, str(run.id), run)
    return run


async def undone(work: UnitOfWork, group_ids: Sequence[UUID], kinds: Sequence[str]) -> list[tuple[UUID, str]]:
    """Return for each group the kind of its last run among `kinds`, if that run failed or was cancelled."""
    return [(row.group_id, row.kind) for row in await repository.undone(work.session, work.tenant_id, group_ids, kinds)]
