"""Runs: created with a change, executed by a worker, watched by people."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from backend.ids import new_id
from backend.live.service import Topic
from backend.runs import repository
from backend.runs.errors import RunNotFound
from backend.runs.events import RUN_CHANGED
from backend.runs.tables import RunRow
from backend.work.unit import UnitOfWork
from schemas.common import Json
from schemas.runs import ListRuns, Run, RunRef, RunStatus, WatchRuns, WorkerHealth

SILENCE = timedelta(seconds=20)
"""A run or worker not heard of for this long is taken for dead."""
MAX_ATTEMPTS = 3
NEWEST = 20
"""How many runs a watcher is told of at the beginning."""


async def start(work: UnitOfWork, kind: str, subject: str, args: dict[str, Json], delay: timedelta = timedelta()) -> UUID:
    """Make a run's row in this transaction; a worker is asked after commit."""
    run_id = new_id()
    row = RunRow(id=run_id, tenant_id=work.tenant_id, kind=kind, subject=subject, args=args, status=RunStatus.QUEUED, attempts=0, created_at=work.now)
    row.due_at = work.now + delay
    work.session.add(row)
    _tell(work, row)
    work.start_run(run_id, kind, delay or None)
    return run_id


async def browse(work: UnitOfWork, input: ListRuns) -> list[Run]:
    """Runs, newest first."""
    return [_run(row) for row in await repository.newest(work.session, work.tenant_id, input.kind, input.status, input.limit)]


async def get(work: UnitOfWork, input: RunRef) -> Run:
    """One run. Raises RunNotFound."""
    row = await repository.get(work.session, work.tenant_id, input.run_id)
    if row is None:
        raise RunNotFound
    return _run(row)


async def find(work: UnitOfWork, run_id: UUID) -> tuple[UUID, str] | None:
    """Tenant and kind of a run, for a worker that knows only its id."""
    row = await repository.find(work.session, run_id)
    return (row.tenant_id, row.kind) if row else None


async def claim(work: UnitOfWork, run_id: UUID, worker_id: str) -> tuple[Run, dict[str, Json]] | None:
    """Take the run for this worker, with its arguments; None when it is done, not due, or in living hands."""
    row = await repository.claim(work.session, work.tenant_id, run_id, worker_id, work.now, SILENCE)
    return (_tell(work, row), row.args) if row else None


async def progress(work: UnitOfWork, run_id: UUID, worker_id: str, percent: float | None = None, stage: str | None = None) -> bool:
    """A sign of life, with how far it is. False when the run was taken away."""
    said = {key: value for key, value in (("percent", percent), ("stage", stage)) if value is not None}
    row = await repository.report(work.session, work.tenant_id, run_id, worker_id, heartbeat_at=work.now, **said)
    if row and said:
        _tell(work, row)
    return row is not None


async def succeed(work: UnitOfWork, run_id: UUID, worker_id: str, result: Json) -> None:
    """The run is done."""
    await _report(work, run_id, worker_id, status=RunStatus.SUCCEEDED, result=result, percent=100.0, finished_at=work.now)


async def fail(work: UnitOfWork, run: Run, worker_id: str, error: str) -> None:
    """The attempt failed: try again later, or give up after the last."""
    if run.attempts >= MAX_ATTEMPTS:
        await _report(work, run.id, worker_id, status=RunStatus.FAILED, error=error, finished_at=work.now)
        return
    delay = timedelta(seconds=2 * 4**run.attempts)
    await _report(work, run.id, worker_id, status=RunStatus.QUEUED, error=error, due_at=work.now + delay)
    work.start_run(run.id, run.kind, delay)


async def sweep(work: UnitOfWork) -> list[tuple[UUID, str]]:
    """Ask again for every run that a crash or a lost queue left behind."""
    rows = await repository.lost(work.session, work.now, SILENCE)
    for row in rows:
        work.start_run(row.run_id, row.kind)
    return [(row.run_id, row.kind) for row in rows]


async def beat(work: UnitOfWork, worker_id: str, host: str, pid: int) -> None:
    """A worker's heartbeat."""
    await repository.beat(work.session, worker_id, host, pid, work.now)


async def leave(work: UnitOfWork, worker_id: str) -> None:
    """A worker ends."""
    await repository.forget(work.session, worker_id)


async def workers(work: UnitOfWork) -> list[WorkerHealth]:
    """The workers heard of in the last day."""
    return [
        WorkerHealth(worker_id=row.worker_id, host=row.host, pid=row.pid, seen_at=row.seen_at, alive=row.seen_at > work.now - SILENCE)
        for row in await repository.workers(work.session)
    ]


def topic(input: WatchRuns) -> Topic[Run]:
    """Every change of runs, or of one; at the beginning the newest as they are, the oldest of them first. Raises RunNotFound."""

    async def now(work: UnitOfWork) -> list[Run]:
        if input.run_id is not None:
            return [await get(work, RunRef(run_id=input.run_id))]
        return (await browse(work, ListRuns(limit=NEWEST)))[::-1]

    return Topic(RUN_CHANGED, now, str(input.run_id) if input.run_id else None)


async def _report(work: UnitOfWork, run_id: UUID, worker_id: str, **values: Any) -> None:
    if row := await repository.report(work.session, work.tenant_id, run_id, worker_id, **values):
        _tell(work, row)


def _tell(work: UnitOfWork, row: RunRow) -> Run:
    run = _run(row)
    work.live(RUN_CHANGED, str(run.id), run)
    return run


def _run(row: RunRow) -> Run:
    return Run(
        id=row.id,
        kind=row.kind,
        subject=row.subject,
        status=RunStatus(row.status),
        attempts=row.attempts,
        percent=row.percent,
        stage=row.stage,
        error=row.error,
        result=row.result,
        created_at=row.created_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
    )


async def gave_up(work: UnitOfWork, group_ids: Sequence[UUID], kinds: Sequence[str]) -> list[tuple[UUID, str]]:
    """Of each group the kind of its last run among `kinds`, where that run failed."""
    return [(row.group_id, row.kind) for row in await repository.gave_up(work.session, work.tenant_id, group_ids, kinds)]
