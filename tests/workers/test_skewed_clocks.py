"""Workers on hosts whose clocks are 90 seconds apart: nothing changes. libfaketime gives each worker its clock."""

import asyncio
import os
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from backend.hub import Hub
from backend.settings import Settings
from schemas.runs import RunStatus
from tests.support.faketime import library
from tests.support.tenants import Tenant
from tests.support.worker import working
from tests.workers.test_toy_slice import ticks
from tests.workers.test_trusted_runs import begins, cancel, look, reaches, start, until

pytestmark = pytest.mark.busy


@pytest.fixture(scope="module")
def preloaded() -> Path:
    """libfaketime, there or just installed; it moves a program's clock."""
    found = library()
    early = {**os.environ, "LD_PRELOAD": str(found), "FAKETIME": "-3600"}
    told = subprocess.run([sys.executable, "-c", "import time; print(time.time())"], env=early, capture_output=True, text=True, check=True).stdout
    assert time.time() - float(told) > 3000
    return found


@pytest.mark.timeout(400)
async def test_clocks_that_differ_lose_no_run_delay_none_and_double_no_tick(
    hub: Hub, tenant: Tenant, settings: Settings, preloaded: Path, tmp_path: Path
) -> None:
    await hub.redis.delete("toy:ticks")
    with ExitStack() as stack:
        for name, shift in (("behind", "-45"), ("ahead", "+45")):
            clock = {"LD_PRELOAD": str(preloaded), "FAKETIME": shift, "DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
            stack.enter_context(working(settings, tmp_path / f"{name}.log", **clock))
        held = [await start(hub, tenant, "toy.wait") for _ in range(6)]
        for run_id in held:
            await begins(hub, run_id)
        quick = await start(hub, tenant, "toy.add", a=1, b=1)
        await reaches(hub, tenant, quick, RunStatus.SUCCEEDED)
        await asyncio.sleep(12)
        assert {((await look(hub, tenant, run_id)).status, (await look(hub, tenant, run_id)).attempts) for run_id in held} == {(RunStatus.RUNNING, 1)}

        async def enough() -> bool:
            return len(await ticks(hub)) >= 10

        await until(enough)
        assert set(Counter(await ticks(hub)).values()) == {1}
        for run_id in held:
            await cancel(hub, tenant, run_id)
            await reaches(hub, tenant, run_id, RunStatus.CANCELLED)
