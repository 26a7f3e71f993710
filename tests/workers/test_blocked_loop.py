"""A handler that blocks its worker's event loop stops that worker alone: the others' ticks and upkeep go on, and the run is given up."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.actor import ANONYMOUS
from backend.hub import Hub
from backend.ids import new_id
from backend.runs import holding, ticks
from backend.settings import Settings
from backend.work.unit import UnitOfWork
from schemas.runs import RunStatus
from tests.support.tenants import Tenant
from tests.support.worker import working
from tests.workers.test_trusted_runs import begins, look, notes, reaches, start, until

pytestmark = pytest.mark.busy

BLOCKED_SECONDS = 40


async def ticks_of(hub: Hub, worker: str | None = None, *, other_than: str | None = None) -> list[str]:
    """The seconds that a worker (or all others) took."""
    query = text(
        "SELECT tick FROM schedule_ticks WHERE schedule = 'toy.count' AND worker_id = coalesce(:w, worker_id) AND worker_id <> coalesce(:o, '') ORDER BY tick"
    )
    async with hub.engine.connect() as connection:
        return [str(row.tick) for row in await connection.execute(query, {"w": worker, "o": other_than})]


@pytest.mark.timeout(240)
async def test_ticks_of_other_workers_go_on_and_the_run_is_given_up(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    run_id = await start(hub, tenant, "toy.block", seconds=BLOCKED_SECONDS)
    with ExitStack() as stack:
        blocked = stack.enter_context(working(settings, tmp_path / "blocked.log"))
        await begins(hub, run_id)
        ((_, name),) = await notes(hub, run_id)
        mine = await ticks_of(hub, name)
        stack.enter_context(working(settings, tmp_path / "free.log"))

        async def ten_more() -> bool:
            return len(await ticks_of(hub, other_than=name)) >= before + 10

        before = len(await ticks_of(hub, other_than=name))
        await until(ten_more)
        assert await ticks_of(hub, name) == mine, "its own ticks stand still"
        failed = await reaches(hub, tenant, run_id, RunStatus.FAILED)
        assert await ticks_of(hub, name) == mine
        assert "blocks its worker's event loop" in (failed.error or "")

        async def awake() -> bool:
            return len(await ticks_of(hub, name)) > len(mine)

        await until(awake, 2 * BLOCKED_SECONDS)
        assert blocked.poll() is None
        assert await look(hub, tenant, run_id) == failed, "what it did at its end is not written"


Step = Callable[[UnitOfWork], Awaitable[object]]


async def falls_silent(hub: Hub, step: Step, asks: Step) -> object:
    """One worker does a step and its loop blocks before the commit; what another gets for its own step meanwhile."""
    stepped, over = asyncio.Event(), asyncio.Event()

    async def first() -> None:
        async with hub.work(ANONYMOUS) as work:
            await step(work)
            stepped.set()
            await over.wait()

    blocking = asyncio.create_task(first())
    await stepped.wait()
    try:
        async with asyncio.timeout(20), hub.work(ANONYMOUS) as work:
            return await asks(work)
    finally:
        over.set()
        with pytest.raises(DBAPIError):  # its transaction was ended, and it learns so
            await blocking


async def test_a_tick_that_a_worker_was_about_to_take_when_its_loop_blocked_is_anothers(hub: Hub) -> None:
    name, tick = f"tests.{new_id()}", hub.clock.now() - timedelta(seconds=1)
    assert await falls_silent(hub, lambda work: ticks.claim(work, name, None, tick, "blocked"), lambda work: ticks.claim(work, name, None, tick, "free"))


async def test_leases_and_sweeps_of_a_worker_whose_loop_blocked_hold_up_no_sweep(hub: Hub, tenant: Tenant) -> None:
    run_id = await start(hub, tenant, "toy.wait")
    async with hub.work(tenant.admin) as work:
        claimed = await holding.claim(work, run_id, "blocked")
        assert claimed
        await work.session.execute(text("UPDATE runs SET heartbeat_at = hub_now() - interval '1 hour' WHERE id = :r"), {"r": run_id})
    claim = claimed[0]
    swept = await falls_silent(hub, lambda work: holding.standing(work, [claim], True), holding.overdue)
    assert isinstance(swept, list)
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE runs SET heartbeat_at = hub_now() - interval '1 hour', asked_at = NULL WHERE id = :r"), {"r": run_id})
    assert isinstance(await falls_silent(hub, holding.overdue, holding.overdue), list)
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE runs SET status = 'cancelled' WHERE id = :r"), {"r": run_id})
