"""Executes every run: claims it, watches it, and writes its end from its handler's result or its stop."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from opentelemetry.trace import SpanKind

from backend import tracing
from backend.actor import ANONYMOUS, system
from backend.errors import HubError
from backend.hub import Hub
from backend.runs import holding
from backend.runs.claims import ClaimedHub, Stop
from backend.runs.context import RunContext
from backend.runs.errors import HandlerStopped, RunTimedOut
from backend.runs.kinds import RunKind
from backend.runs.metrics import JOB_SECONDS, JOB_TRIGGERS
from backend.runs.process import Process
from backend.work.unit import UnitOfWork
from schemas.common import Json

log = logging.getLogger("tiltyard.worker")
GRACE_SECONDS = 1.0
"""Seconds that a cancelled handler has to end. Its run is then shown as stopped, and later writes of the handler are refused."""
WRITE_AGAIN_SECONDS = 1.0
WRITES = 60
"""Seconds between attempts to write a run's end while PostgreSQL is unavailable."""


@dataclass
class Held:
    """A run held by this worker."""

    task: RunContext
    kind: RunKind
    handling: "asyncio.Task[Json]"
    told: asyncio.Event = field(default_factory=asyncio.Event)

    def stop(self, reason: Stop) -> None:
        """Cancel the handler. The first reason stands."""
        if self.task.stopping.reason is None:
            self.task.stopping.reason = reason
            self.handling.cancel(reason.value)
            self.told.set()


class Executor:
    """Executes the runs of one worker process."""

    def __init__(self, hub: Hub, kinds: Mapping[str, RunKind], worker_id: str, process: Process | None = None) -> None:
        self.hub, self.worker_id = hub, worker_id
        self.held: dict[UUID, Held] = {}
        self.closing = False
        """Whether no further run is claimed."""
        self._kinds = kinds
        self._process = process or Process()
        self._executions: set[asyncio.Task[None]] = set()

    async def run(self, run_id: UUID) -> None:
        """Execute a run in a task that survives the caller's cancellation: only a `Stop` ends a handler."""
        execution = asyncio.create_task(self.execute(run_id))
        self._executions.add(execution)
        execution.add_done_callback(self._executions.discard)
        await asyncio.shield(execution)

    async def execute(self, run_id: UUID) -> None:
        """Execute a run unless a living worker holds it. Calling it twice is harmless."""
        async with self.hub.work(ANONYMOUS, read_only=True) as work:
            found = await holding.find(work, run_id)
        if found is None or self.closing:
            return
        tenant_id, name = found
        kind = self._kinds.get(name) or RunKind(name=name, handler=_unknown)
        actor = system(tenant_id, f"worker ({name})")
        async with self.hub.work(actor) as work:
            claimed = await holding.claim(work, run_id, self.worker_id, kind.attempts)
        if claimed is not None:
            claim, run, args = claimed
            await self._carry_out(RunContext(ClaimedHub.of(self.hub, claim), actor, run, args, claim, self._process), kind)

    async def finish(self, seconds: float) -> None:
        """Claim nothing more. Let runs end within this number of seconds, then hand them back to other workers."""
        self.closing = True
        if self._executions:
            await asyncio.wait(self._executions, timeout=seconds)
        for held in list(self.held.values()):
            held.stop(Stop.SHUTDOWN)
        if self._executions:
            await asyncio.wait(self._executions, timeout=GRACE_SECONDS + 2.0)

    async def _carry_out(self, task: RunContext, kind: RunKind) -> None:
        handling = asyncio.ensure_future(_measured(task, kind))
        held = self.held[task.run.id] = Held(task, kind, handling)
        timer = asyncio.get_running_loop().call_later(kind.timeout.total_seconds(), held.stop, Stop.TIMEOUT)
        try:
            await _ended_or_told(held)
            await _insist(task, _ending(held))
        finally:
            timer.cancel()
            self.held.pop(task.run.id, None)
        if not handling.done() and not self.closing:  # its slot stays taken until it has really ended
            log.warning("run %s (%s) was stopped and its handler goes on", task.run.id, task.run.kind)
            await asyncio.wait({handling})


async def execute(hub: Hub, kinds: Mapping[str, RunKind], worker_id: str, run_id: UUID) -> None:
    """Execute one run, without a worker around it."""
    await Executor(hub, kinds, worker_id).execute(run_id)


async def _unknown(task: RunContext) -> Json:
    raise HubError(f"This worker knows no run of the kind {task.run.kind!r}. Upgrade it to the hub's release.")


async def _measured(task: RunContext, kind: RunKind) -> Json:
    """Return the handler's result; count, time and trace it."""
    began, ended = time.monotonic(), "failed"
    JOB_TRIGGERS.labels(kind.name).inc()
    try:
        with tracing.span(f"run {kind.name}", SpanKind.CONSUMER, tiltyard__run=str(task.run.id), tiltyard__attempt=task.run.attempts):
            result = await kind.handler(task)
        ended = "succeeded"
        return result
    except asyncio.CancelledError:
        ended = "stopped"
        raise
    finally:
        JOB_SECONDS.labels(kind.name, ended).observe(time.monotonic() - began)


async def _ended_or_told(held: Held) -> None:
    told = asyncio.ensure_future(held.told.wait())
    try:
        await asyncio.wait({held.handling, told}, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait({held.handling}, timeout=GRACE_SECONDS)
    finally:
        told.cancel()


Ending = Callable[[UnitOfWork], Awaitable[bool]]


def _ending(held: Held) -> Ending | None:
    """Return what to write for a handler that ended or was stopped; None when another worker has the run."""
    task, kind, handling = held.task, held.kind, held.handling
    claim, reason = task.claim, task.stopped
    ended = handling.done() and not handling.cancelled()
    error = handling.exception() if ended else None
    if reason is Stop.TAKEN_OVER:
        return None
    if ended and error is None:
        result = handling.result()
        return lambda work: holding.succeed(work, claim, result)
    if reason is Stop.PERSON:
        return lambda work: holding.stop(work, claim)
    if reason is Stop.SHUTDOWN:
        return lambda work: holding.hand_back(work, claim, kind.name)
    failure = _timed_out(kind) if reason is Stop.TIMEOUT else error or HandlerStopped()
    log.error("run %s (%s) failed at attempt %s", task.run.id, kind.name, task.run.attempts, exc_info=failure)
    return lambda work: holding.fail(work, claim, kind.name, _words(failure, task), kind.delay_after(failure, task.run.attempts))


def _timed_out(kind: RunKind) -> RunTimedOut:
    return RunTimedOut(f"The run took longer than the {kind.timeout.total_seconds():g} s that its kind allows, and was stopped.")


def _words(failure: BaseException, task: RunContext) -> str:
    return failure.message if isinstance(failure, HubError) else f"{type(failure).__name__}: see the worker's log for run {task.run.id}"


async def _insist(task: RunContext, ending: Ending | None) -> None:
    for attempt in range(WRITES if ending else 0):
        try:
            assert ending
            async with Hub.work(task.hub, task.actor) as work:
                if not await ending(work):
                    log.warning("run %s was taken over by another worker: this worker does not write its end", task.run.id)
            return
        except Exception as error:  # PostgreSQL may be unavailable; the epoch makes a late write harmless
            log.warning("the end of run %s could not be written (%s), attempt %s", task.run.id, type(error).__name__, attempt + 1)
            await asyncio.sleep(WRITE_AGAIN_SECONDS)
