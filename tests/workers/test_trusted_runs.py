"""Runs in real worker processes: crashes counted, claims lost, cancellations heard, shutdowns in time."""

import asyncio
import signal
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from backend.hub import Hub
from backend.runs import service as runs
from backend.settings import Settings
from schemas.common import Json
from schemas.runs import CancelRun, ListRuns, Run, RunRef, RunStatus
from tests.support.tenants import Tenant
from tests.support.worker import start_worker, working

pytestmark = pytest.mark.busy

PATIENCE = 60.0


async def start(hub: Hub, tenant: Tenant, kind: str, **args: Json) -> UUID:
    async with hub.work(tenant.admin) as work:
        return await runs.start(work, kind, "thing:1", args)


async def look(hub: Hub, tenant: Tenant, run_id: UUID) -> Run:
    async with hub.work(tenant.admin, read_only=True) as work:
        return await runs.get(work, RunRef(run_id=run_id))


async def notes(hub: Hub, run_id: UUID) -> list[tuple[str, str]]:
    said = [raw.decode().split("@") for raw in await hub.redis.lrange(f"toy:{run_id}", 0, -1)]
    return [(what, who) for what, who in said]


async def until(what: Callable[[], Awaitable[bool]], seconds: float = PATIENCE) -> None:
    async with asyncio.timeout(seconds):
        while not await what():
            await asyncio.sleep(0.05)


async def reaches(hub: Hub, tenant: Tenant, run_id: UUID, *status: RunStatus) -> Run:
    async def there() -> bool:
        return (await look(hub, tenant, run_id)).status in status

    await until(there)
    return await look(hub, tenant, run_id)


async def begins(hub: Hub, run_id: UUID, times: int = 1) -> None:
    async def begun() -> bool:
        return [what for what, _ in await notes(hub, run_id)].count("began") >= times

    await until(begun)


async def cancel(hub: Hub, tenant: Tenant, run_id: UUID, reason: str | None = None) -> Run:
    async with hub.work(tenant.admin) as work:
        return await runs.cancel(work, CancelRun(run_id=run_id, reason=reason))


@pytest.mark.timeout(240)
async def test_a_run_that_kills_its_worker_fails_after_three_deaths_and_other_runs_go_on(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    deadly = await start(hub, tenant, "toy.die")
    worker, started = start_worker(settings, tmp_path / "worker.log"), 1
    try:
        deadline = time.monotonic() + 200
        while (await look(hub, tenant, deadly)).status is not RunStatus.FAILED:
            assert time.monotonic() < deadline, (tmp_path / "worker.log").read_text()[-3000:]
            if worker.poll() is not None:
                worker, started = start_worker(settings, tmp_path / "worker.log"), started + 1
            await asyncio.sleep(0.1)
        run = await look(hub, tenant, deadly)
        assert (run.attempts, started) == (3, 4)
        assert "The worker died while running it, 3 times" in (run.error or "")
        harmless = await start(hub, tenant, "toy.add", a=2, b=3)
        assert (await reaches(hub, tenant, harmless, RunStatus.SUCCEEDED)).result == {"sum": 5}
        assert worker.poll() is None
    finally:
        worker.kill()
        worker.wait(10)


@pytest.mark.timeout(180)
async def test_a_stopped_worker_that_wakes_after_its_lease_changes_nothing(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    run_id = await start(hub, tenant, "toy.wait", again=2)
    with ExitStack() as stack:
        first = stack.enter_context(working(settings, tmp_path / "first.log"))
        await begins(hub, run_id)
        first.send_signal(signal.SIGSTOP)
        second = stack.enter_context(working(settings, tmp_path / "second.log"))
        run = await reaches(hub, tenant, run_id, RunStatus.SUCCEEDED)
        assert run.attempts == 2
        owner = (await notes(hub, run_id))[-1]
        assert owner[0] == "finished"
        first.send_signal(signal.SIGCONT)
        await asyncio.sleep(3)
        assert await look(hub, tenant, run_id) == run
        assert "taken over by another worker" in [what for what, who in await notes(hub, run_id) if who != owner[1]]
        assert {first.poll(), second.poll()} == {None}


async def test_a_dead_workers_run_is_never_shown_as_running_for_longer_than_two_heartbeats(
    hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    run_id = await start(hub, tenant, "toy.wait")
    with working(settings, tmp_path / "worker.log") as worker:
        await begins(hub, run_id)
        worker.kill()
        worker.wait(10)
        died = time.monotonic()
        run = await reaches(hub, tenant, run_id, RunStatus.LOST)
        assert time.monotonic() - died < 12, "ten seconds, and time to look"
        async with hub.work(tenant.admin, read_only=True) as work:
            assert run in await runs.browse(work, ListRuns(status=RunStatus.LOST))
            assert run not in await runs.browse(work, ListRuns(status=RunStatus.RUNNING))
        assert (await cancel(hub, tenant, run_id)).status is RunStatus.CANCELLED


async def test_a_person_a_time_limit_and_a_shutdown_are_three_reasons(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    mine, short, last = [await start(hub, tenant, kind) for kind in ("toy.wait", "toy.short", "toy.wait")]
    with working(settings, tmp_path / "worker.log") as worker:
        for run_id in (mine, short, last):
            await begins(hub, run_id)
        asked = await cancel(hub, tenant, mine, "not needed")
        assert (asked.status, asked.cancel_requested_at is not None) == (RunStatus.RUNNING, True)
        cancelled = await reaches(hub, tenant, mine, RunStatus.CANCELLED)
        assert (cancelled.error, cancelled.attempts) == (f"Cancelled by {tenant.admin.name}: not needed", 1)
        failed = await reaches(hub, tenant, short, RunStatus.FAILED)
        assert "longer than the 1 s" in (failed.error or "")
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(worker.wait, 20) == 0
    back = await look(hub, tenant, last)
    assert (back.status, back.attempts) == (RunStatus.QUEUED, 0), "a run handed back was not attempted"
    reasons = [(await notes(hub, run_id))[-1][0] for run_id in (mine, short, last)]
    assert reasons == ["cancelled by a person", "timed out", "worker shutting down"]
    await cancel(hub, tenant, last)


async def test_a_handler_that_ignores_its_cancellation_is_shown_as_cancelled_and_can_write_nothing_more(
    hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path
) -> None:
    run_id = await start(hub, tenant, "toy.stubborn")
    with working(settings, tmp_path / "worker.log"):
        await begins(hub, run_id)
        await cancel(hub, tenant, run_id)
        cancelled = await reaches(hub, tenant, run_id, RunStatus.CANCELLED)
        await asyncio.sleep(7)
        assert await look(hub, tenant, run_id) == cancelled
