"""`tiltyard call` on what streams: an item a line, as they come, until somebody has enough."""

import asyncio
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from uuid import UUID

import pytest
import pytest_asyncio

from backend.hub import Hub
from backend.runs import service as runs
from backend.settings import Settings
from rpc.commands.shared.installation import environment_of
from rpc.commands.shared.ready import SignIn, keep_access
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy

ROOT = Path(__file__).parents[3]
Start = Callable[..., Awaitable[Process]]


@pytest_asyncio.fixture
async def start(settings: Settings, tenant: Tenant) -> AsyncIterator[Start]:
    """Starts `tiltyard call` on the test's hub, as a process of its own."""
    (settings.data_dir / "secrets").mkdir(exist_ok=True)
    keep_access(settings.data_dir, SignIn(email=tenant.email))
    begun: list[Process] = []

    async def start(*arguments: str) -> Process:
        command = [sys.executable, "-m", "rpc.cli", "call", *arguments]
        environment = environment_of(settings)
        begun.append(await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=PIPE, stderr=PIPE, preexec_fn=heed_ctrl_c))
        return begun[-1]

    yield start
    for one in begun:
        if one.returncode is None:
            one.kill()
            await one.wait()


def heed_ctrl_c() -> None:
    """As in a terminal: what a shell starts in the background ignores it, and so would all that is started from there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


async def one_more(hub: Hub, tenant: Tenant) -> UUID:
    async with hub.work(tenant.admin) as work:
        return await runs.start(work, "tests.call", "thing:1", {})


async def line(process: Process) -> bytes:
    assert process.stdout is not None
    return await asyncio.wait_for(process.stdout.readline(), 60)


async def ended(process: Process) -> tuple[int, str]:
    """Its exit code and what it said of itself."""
    _, said = await asyncio.wait_for(process.communicate(), 30)
    return process.returncode or 0, said.decode()


async def test_a_subscription_prints_an_item_a_line_as_they_come_and_ctrl_c_ends_it_quietly(start: Start, hub: Hub, tenant: Tenant) -> None:
    wanted = [await one_more(hub, tenant)]
    process = await start("runs.onProgress", "{}")
    heard = [json.loads(await line(process))]
    for _ in range(2):
        wanted.append(await one_more(hub, tenant))
        heard.append(json.loads(await line(process)))
    process.send_signal(signal.SIGINT)
    assert await ended(process) == (130, "")
    assert [item["data"]["id"] for item in heard] == [str(one) for one in wanted]
    again = await start("runs.onProgress", json.dumps({"lastEventId": heard[0]["id"]}))
    assert [json.loads(await line(again)) for _ in range(2)] == heard[1:]
    again.send_signal(signal.SIGINT)
    assert await ended(again) == (130, "")


async def test_a_reader_who_has_enough_ends_it_quietly(start: Start, hub: Hub, tenant: Tenant) -> None:
    await one_more(hub, tenant)
    process = await start("runs.onProgress")
    await line(process)
    assert process.stdout is not None
    process.stdout._transport.close()  # type: ignore[attr-defined]  # as `| head -1` does
    for _ in range(2):
        await one_more(hub, tenant)
        await asyncio.sleep(0.2)
    assert process.stderr is not None
    assert await asyncio.wait_for(process.stderr.read(), 30) == b""
    assert await process.wait() == 1


async def test_a_stream_that_is_refused_says_why(start: Start) -> None:
    code, said = await ended(await start("groups.onComparison", '{"slug": "nowhere"}'))
    assert code == 4
    assert "GROUP_NOT_FOUND" in said
