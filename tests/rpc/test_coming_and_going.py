"""Clients of the live procedures who come and go, whichever way they connect, and what they leave behind: nothing."""

import asyncio
import gc
import logging
import tracemalloc

import pytest

from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.runs import service as runs
from backend.settings import Settings
from rpc.core.call import Exchange
from rpc.core.http import Options, RpcApp
from rpc.core.stream_body import Outlet
from rpc.core.websocket import Socket
from rpc.host import ProductHost
from rpc.root import root
from tests.support.group import serve_group
from tests.support.serving import serving
from tests.support.tenants import Tenant, new_tenant

pytestmark = pytest.mark.busy

UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")
WAYS = ["events", "sockets", "lines"]


class Visitors:
    """A thousand times somebody who connects one way, and leaves at once or after being told something."""

    def __init__(self, port: int, way: str, tenant: Tenant, slug: str) -> None:
        self._port, self._way = port, way
        self._bearer = f"Authorization: Bearer {tenant.token}"
        compare = f'{{"slug":"{slug}"}}'
        self._events = ["runs.onProgress", "alerts.onAlert", f"groups.onComparison?input={compare}"]
        self._followed = ['{"path":"runs.onProgress","input":{}}', '{"path":"alerts.onAlert"}', f'{{"path":"groups.onComparison","input":{compare}}}']
        self._lines = f'runs.list,groups.comparison,alerts.list?batch=1&input={{"0":{{}},"1":{compare},"2":{{}}}}'

    async def come_and_go(self, count: int) -> None:
        """So many, twenty-five at once."""
        waiting = iter(range(count))

        async def some() -> None:
            for at in waiting:
                await self._visit(at)

        await asyncio.gather(*(some() for _ in range(25)))

    async def _visit(self, at: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        awaited = await self._begin(reader, writer, at)
        if at % 4:
            async with asyncio.timeout(30):
                await reader.readuntil(awaited[at % 2])
        if at % 5 == 0:
            await asyncio.sleep(0.05)
        writer.transport.abort()

    async def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, at: int) -> tuple[bytes, bytes]:
        """Ask; gives what will be answered early and a little later."""
        if self._way == "events":
            writer.write(head(self._events[at % 3], self._bearer))
            return b"retry: ", b"data: "
        if self._way == "lines":
            writer.write(head(self._lines, self._bearer, "trpc-accept: application/jsonl"))
            return b"\r\n\r\n", b'{"0":'
        writer.write(head("", self._bearer, *UPGRADE))
        await reader.readuntil(b"\r\n\r\n")
        for number in range(3):
            writer.write(frame(f'{{"id":{number},"method":"subscription","params":{self._followed[number]}}}'))
        return b'"type":"started"', b'"type":"started"'


def head(target: str, *headers: str) -> bytes:
    """A GET of the procedures."""
    path = f"/rpc/{target}".rstrip("/").replace('"', "%22").replace("{", "%7B").replace("}", "%7D")
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *headers, "", ""]).encode()


def frame(said: str) -> bytes:
    """A WebSocket's text frame from a client, masked by zeros."""
    payload = said.encode()
    size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2)
    return b"\x81" + size + bytes(4) + payload


def held() -> int:
    """What the wire still holds of requests."""
    gc.collect()
    return sum(type(thing) in (Exchange, Outlet, Socket) for thing in gc.get_objects())


def let_go(caplog: pytest.LogCaptureFixture) -> None:
    """Fail on an error of the hub in the log. A library's record about a connection of its own holds the request by its traceback: drop that."""
    for record in caplog.records:
        if record.exc_info:
            assert not record.name.startswith(("uvicorn", "tiltyard")), logging.Formatter().format(record)
            record.exc_info = None


async def gone(hub: Hub, caplog: pytest.LogCaptureFixture) -> None:
    """Wait until the last has left."""
    async with asyncio.timeout(60):
        while hub.wakeups.watching:
            await asyncio.sleep(0.05)
        let_go(caplog)
        while held():
            await asyncio.sleep(0.5)
            let_go(caplog)
    await asyncio.sleep(0.5)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", WAYS)
async def test_a_thousand_who_come_and_go_leave_no_task_no_subscription_and_no_memory(settings: Settings, caplog: pytest.LogCaptureFixture, way: str) -> None:
    async with open_hub(settings, pool_size=10) as hub:
        tenant = await new_tenant(hub)
        slug = (await serve_group(hub, tenant)).group.slug
        async with hub.work(tenant.admin) as work:
            await runs.start(work, "tests.live", "thing:1", {})
        hub.wakeups.start()
        async with serving(RpcApp(root, ProductHost(hub), Options())) as port:
            visitors = Visitors(port, way, tenant, slug)
            await visitors.come_and_go(600)  # by then each pooled connection has prepared its statements
            await gone(hub, caplog)
            tasks, subscriptions = len(asyncio.all_tasks()), await hub.redis.pubsub_numpat()
            gc.collect()
            tracemalloc.start()
            before, _ = tracemalloc.get_traced_memory()
            await visitors.come_and_go(1000)
            await gone(hub, caplog)
            gc.collect()
            grown = tracemalloc.get_traced_memory()[0] - before
            tracemalloc.stop()
            assert len(asyncio.all_tasks()) <= tasks
            assert await hub.redis.pubsub_numpat() == subscriptions == 1
            assert grown < 1_000_000, f"{grown} bytes more after 1 000 connections"
            assert hub.engine.pool.checkedout() == 0  # type: ignore[attr-defined]
