"""Runs: carried out once, found again when their worker dies, tried again when they fail."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from backend.hub import Hub
from backend.runs import holding
from backend.runs import service as runs
from backend.runs.context import RunContext
from backend.runs.errors import RunNotFound
from backend.runs.kinds import RunKind
from backend.runs.sweep import sweep
from schemas.common import Json
from schemas.runs import Run, RunRef, RunStatus
from tests.support.clock import moved
from tests.support.tenants import Tenant
from workers.execute import execute
from workers.heartbeat import beat, leave

pytestmark = pytest.mark.busy


async def start(hub: Hub, tenant: Tenant, delay: timedelta = timedelta()) -> UUID:
    async with hub.work(tenant.admin) as work:
        return await runs.start(work, "tests.work", "thing:1", {"number": 7}, delay)


async def look(hub: Hub, tenant: Tenant, run_id: UUID) -> Run:
    async with hub.work(tenant.admin, read_only=True) as work:
        return await runs.get(work, RunRef(run_id=run_id))


def handler(seen: list[RunContext], result: Callable[[], Json] = lambda: {"done": True}) -> dict[str, RunKind]:
    async def carry_out(task: RunContext) -> Json:
        seen.append(task)
        await task.progress(50, "half way")
        return result()

    return {"tests.work": RunKind(name="tests.work", handler=carry_out)}


def breaking() -> Json:
    raise ValueError("a secret that must not be shown")


async def test_a_run_is_carried_out_once_however_often_it_is_asked_for(hub: Hub, tenant: Tenant) -> None:
    seen: list[RunContext] = []
    run_id = await start(hub, tenant)
    for _ in range(3):
        await execute(hub, handler(seen), "w1", run_id)
    run = await look(hub, tenant, run_id)
    assert [(task.args, task.actor.tenant_id) for task in seen] == [({"number": 7}, tenant.admin.tenant_id)]
    assert (run.status, run.result, run.percent, run.stage) == (RunStatus.SUCCEEDED, {"done": True}, 100.0, "half way")


async def test_a_run_that_is_not_due_waits(hub: Hub, tenant: Tenant) -> None:
    seen: list[RunContext] = []
    await execute(hub, handler(seen), "w1", await start(hub, tenant, timedelta(hours=1)))
    assert seen == []


async def test_a_failing_run_is_tried_three_times_and_its_innermost_error_stays_inside(hub: Hub, tenant: Tenant) -> None:
    seen: list[RunContext] = []
    run_id = await start(hub, tenant)
    for attempt in range(1, 4):
        await execute(hub, handler(seen, breaking), "w1", run_id)
        run = await look(hub, tenant, run_id)
        assert (run.attempts, run.status) == (attempt, RunStatus.FAILED if attempt == 3 else RunStatus.QUEUED)
        async with hub.work(tenant.admin) as work:
            await work.session.execute(text("UPDATE runs SET due_at = hub_now() - interval '1 second' WHERE id = :id"), {"id": run_id})
    assert run.error is not None
    assert "secret" not in run.error
    assert str(run_id) in run.error


LATER = timedelta(minutes=1)


async def test_a_run_whose_worker_died_is_asked_for_again_and_taken_over(hub: Hub, tenant: Tenant) -> None:
    run_id = await start(hub, tenant)
    async with hub.work(tenant.admin) as work:
        assert await holding.claim(work, run_id, "dead worker") is not None
    seen: list[RunContext] = []
    await execute(hub, handler(seen), "w2", run_id)
    assert seen == [], "while the first worker may live, nobody else takes its run"
    async with moved(hub, LATER):
        assert await sweep(hub) >= 1
        await execute(hub, handler(seen), "w2", run_id)
    assert (await look(hub, tenant, run_id)).attempts == 2
    assert len(seen) == 1


async def test_a_worker_that_lost_its_run_cannot_finish_it(hub: Hub, tenant: Tenant) -> None:
    run_id = await start(hub, tenant)
    async with hub.work(tenant.admin) as work:
        slow = await holding.claim(work, run_id, "slow worker")
    async with moved(hub, LATER), hub.work(tenant.admin) as work:
        second = await holding.claim(work, run_id, "second worker")
    assert slow
    assert second
    async with hub.work(tenant.admin) as work:
        assert not await holding.succeed(work, slow[0], {"by": "slow"})
        assert not await holding.progress(work, slow[0], 50, "slow")
    assert (await look(hub, tenant, run_id)).status is RunStatus.RUNNING


async def test_an_unknown_kind_fails_with_a_reason(hub: Hub, tenant: Tenant) -> None:
    run_id = await start(hub, tenant)
    await execute(hub, {}, "w1", run_id)
    assert "tests.work" in ((await look(hub, tenant, run_id)).error or "")


async def test_a_worker_is_seen_while_it_beats(hub: Hub, tenant: Tenant) -> None:
    await beat(hub, "tests-worker")
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [worker.alive for worker in await runs.workers(work) if worker.worker_id == "tests-worker"] == [True]
    await leave(hub, "tests-worker")
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [worker for worker in await runs.workers(work) if worker.worker_id == "tests-worker"] == []


async def test_another_tenants_run_cannot_be_seen(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    run_id = await start(hub, tenant)
    with pytest.raises(RunNotFound):
        await look(hub, other_tenant, run_id)
