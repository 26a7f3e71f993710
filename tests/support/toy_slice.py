"""A slice for tests: the declarations of a new slice, and runs that behave badly."""

import asyncio
import os
import time
from datetime import timedelta

from backend.runs.context import RunContext, Tick
from backend.runs.kinds import Missed, Queue, RunKind, Schedule, Scope
from backend.slices import Slice
from schemas.common import Json


async def add(task: RunContext) -> Json:
    """Give the sum of two numbers."""
    await task.progress(50, "adding")
    return {"sum": task.args["a"] + task.args["b"]}


async def die(task: RunContext) -> Json:
    """End the worker as a crash in native code does."""
    os._exit(1)


async def wait(task: RunContext) -> Json:
    """Wait `seconds` (in later attempts `again`), or until stopped; note in Redis when that began, and why it ended."""
    await note(task, "began")
    try:
        await asyncio.sleep(float(task.args.get("seconds" if task.run.attempts == 1 else "again", 600)))
    except asyncio.CancelledError:
        await note(task, str(task.stopped))
        raise
    await note(task, "finished")
    return {"finished": True}


async def stubborn(task: RunContext) -> Json:
    """Ignore cancellations for a while, then end normally."""
    await note(task, "began")
    until = time.monotonic() + 6
    while time.monotonic() < until:
        try:
            await asyncio.sleep(until - time.monotonic())
        except asyncio.CancelledError:
            continue
    return {"stubborn": True}


async def block(task: RunContext) -> Json:
    """Block the worker's event loop for `seconds`."""
    await note(task, "began")
    time.sleep(float(task.args["seconds"]))  # noqa: ASYNC251
    return {"blocked": True}


async def note(task: RunContext, said: str) -> None:
    """Store it where the test reads it."""
    await task.hub.redis.rpush(f"toy:{task.run.id}", f"{said}@{task.claim.worker_id}")


async def count(tick: Tick) -> None:
    """Record the tick, and how late its handler started."""
    late = (tick.hub.clock.now() - tick.at).total_seconds()
    await tick.hub.redis.rpush("toy:ticks", f"{tick.at.isoformat()} {late:.3f}")


async def caught_up(tick: Tick) -> None:
    """Note the tick for its tenant, also one that is caught up."""
    await tick.hub.redis.rpush(f"toy:caught_up:{tick.tenant_id}", tick.at.isoformat())


async def skipped(tick: Tick) -> None:
    """Note the tick for its tenant; missed ones are skipped."""
    await tick.hub.redis.rpush(f"toy:skipped:{tick.tenant_id}", tick.at.isoformat())


RUNS = (
    RunKind(name="toy.add", handler=add),
    RunKind(name="toy.die", handler=die),
    RunKind(name="toy.wait", handler=wait),
    RunKind(name="toy.train", handler=wait, queue=Queue.TRAINING),
    RunKind(name="toy.short", handler=wait, timeout=timedelta(seconds=1), attempts=1),
    RunKind(name="toy.stubborn", handler=stubborn),
    RunKind(name="toy.block", handler=block, attempts=1),
)
SCHEDULES = (
    Schedule(name="toy.count", cron="* * * * * *", handler=count),
    Schedule(name="toy.nightly", cron="30 2 * * *", handler=caught_up, missed=Missed.CATCH_UP, scope=Scope.TENANT),
    Schedule(name="toy.nightly_skip", cron="30 2 * * *", handler=skipped, missed=Missed.SKIP, scope=Scope.TENANT),
)
TOY = Slice(name="toy", runs=RUNS, schedules=SCHEDULES)
