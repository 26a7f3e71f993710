"""A slice that declares a run and a schedule needs nothing else: the worker carries them out, in slots that do not hold up ticks."""

import asyncio
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from uuid import UUID

import pytest

from backend.hub import Hub
from backend.runs.kinds import Queue
from backend.runs.service import start
from backend.settings import Settings
from backend.slices import SLICES, run_kinds, schedules
from schemas.runs import RunStatus
from tests.support.tenants import Tenant
from tests.support.toy_slice import TOY
from tests.support.worker import working
from tests.workers.test_trusted_runs import begins, cancel, reaches, until
from workers.queues import SLOTS

pytestmark = pytest.mark.busy


async def ticks(hub: Hub) -> list[str]:
    return [raw.decode().split()[0] for raw in await hub.redis.lrange("toy:ticks", 0, -1)]


def test_its_declarations_are_found_and_a_name_declared_twice_is_refused() -> None:
    assert "toy.add" in run_kinds((*SLICES, TOY))
    assert "toy.count" in schedules((*SLICES, TOY))
    with pytest.raises(ValueError, match=r"toy\.add"):
        run_kinds((TOY, TOY))


@pytest.mark.timeout(180)
async def test_ticks_come_once_each_from_two_workers_whose_slots_are_all_full(hub: Hub, tenant: Tenant, settings: Settings, tmp_path: Path) -> None:
    await hub.redis.delete("toy:ticks")
    filling: list[UUID] = []
    async with hub.work(tenant.admin) as work:
        for kind, queue in (("toy.wait", Queue.DEFAULT), ("toy.train", Queue.TRAINING)):
            filling += [await start(work, kind, f"slot:{number}", {}) for number in range(2 * SLOTS[queue])]
    with ExitStack() as stack:
        for number in range(2):
            stack.enter_context(working(settings, tmp_path / f"{number}.log"))
        for run_id in filling:
            await begins(hub, run_id)
        seen = len(await ticks(hub))

        async def more() -> bool:
            return len(await ticks(hub)) >= seen + 5

        await until(more)
        counted = Counter(await ticks(hub))
        assert set(counted.values()) == {1}
        for run_id in filling:
            await cancel(hub, tenant, run_id)
        await asyncio.gather(*(reaches(hub, tenant, run_id, RunStatus.CANCELLED) for run_id in filling))
