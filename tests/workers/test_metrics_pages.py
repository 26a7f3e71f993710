"""Every process has a page of metrics of its own: a killed one takes its page along, and the others soon no longer count it."""

import asyncio
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from backend.adapters.processes import free_port
from backend.hub import Hub
from backend.runs import service as runs
from backend.settings import Settings
from schemas.runs import RunRef, RunStatus
from tests.support.clock import moved
from tests.support.metrics_page import Figures, figures, value
from tests.support.tenants import Tenant
from tests.support.worker import working

pytestmark = pytest.mark.busy
SECONDS = 60


async def read(http: httpx.AsyncClient, port: int) -> Figures:
    answer = await http.get(f"http://127.0.0.1:{port}/metrics")
    assert answer.status_code == 200, answer.text
    return figures(answer.text)


async def until(http: httpx.AsyncClient, port: int, holds: Callable[[Figures], bool]) -> Figures:
    """The page, once it holds."""
    deadline, seen = time.monotonic() + SECONDS, Figures()
    while time.monotonic() < deadline:
        try:
            seen = await read(http, port)
        except httpx.TransportError:  # not yet listening
            seen = Figures()
        if seen and holds(seen):
            return seen
        await asyncio.sleep(0.2)
    raise AssertionError({key: number for key, number in seen.items() if "tiltyard" in key[0] or "batch" in key[0]})


async def succeeded(hub: Hub, tenant: Tenant, run_id: UUID) -> None:
    """Wait for this run: other tests' runs may have ended in the last hour too."""
    async with asyncio.timeout(SECONDS):
        while True:
            async with hub.work(tenant.admin, read_only=True) as work:
                if (await runs.get(work, RunRef(run_id=run_id))).status == RunStatus.SUCCEEDED:
                    return
            await asyncio.sleep(0.2)


@pytest.mark.timeout(240)
async def test_two_workers_have_a_page_each_and_one_that_is_killed_is_counted_no_more(settings: Settings, hub: Hub, tenant: Tenant, tmp_path: Path) -> None:
    owner = await asyncpg.connect(settings.database_url)
    await owner.execute("DELETE FROM workers")
    await owner.close()
    first, second = free_port(), free_port()
    async with httpx.AsyncClient(trust_env=False) as http:
        with (
            working(settings, tmp_path / "first.log", TILTYARD_METRICS_PORT=str(first)) as killed,
            working(settings, tmp_path / "second.log", TILTYARD_METRICS_PORT=str(second)),
        ):
            for port in (first, second):
                await until(http, port, lambda seen: value(seen, "tiltyard_workers_alive") == 2)
            async with hub.work(tenant.admin) as work:
                run_id = await runs.start(work, "toy.wait", "toys", {"seconds": 0})
            await succeeded(hub, tenant, run_id)
            done = await until(http, second, lambda seen: value(seen, "tiltyard_runs_ended_last_hour", status="succeeded") >= 1)
            begun = [value(page, "batch_job_triggers_total", batch_job="toy.wait") for page in (await read(http, first), await read(http, second))]
            assert sum(begun) >= 1, "the worker that ran it counts it"
            assert done["tiltyard_metrics_samples_failed", frozenset()] == 0
            killed.kill()
            killed.wait(10)
            with pytest.raises(httpx.TransportError):
                await read(http, first)
            async with moved(hub, timedelta(minutes=1)):
                await until(http, second, lambda seen: value(seen, "tiltyard_workers_alive") == 1)
