"""What an unknown sender may cost: small bodies, few streams, an introduction in time. And whose address counts behind proxies."""

import asyncio
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from backend.hub import Hub
from rpc.core import websocket
from rpc.core.addresses import client_of, networks
from rpc.core.http import Options, RpcApp
from rpc.host import ProductHost
from rpc.root import root
from tests.support.serving import asking, serving
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy

LARGE = b'{"name": "' + b"x" * 100_000 + b'"}'
JSON = {"content-type": "application/json", "x-tiltyard": "1"}


def url(port: int) -> str:
    return f"http://127.0.0.1:{port}/rpc/"


async def test_a_large_body_is_read_only_for_somebody(hub: Hub, tenant: Tenant) -> None:
    async with serving(RpcApp(root, ProductHost(hub), Options())) as port, httpx.AsyncClient(base_url=url(port), headers=JSON, trust_env=False) as http:
        refused = await http.post("models.create", content=LARGE)
        assert (refused.status_code, refused.json()["error"]["data"]["code"]) == (401, "UNAUTHORIZED")
        bearer = {"authorization": f"Bearer {tenant.token}"}
        assert (await http.post("models.create", content=LARGE, headers=bearer)).status_code == 400, "read, and found wrong"
        stale = await http.post("models.create", content=LARGE, headers={"authorization": "Bearer tyd_nobody"})
        assert stale.status_code == 401


async def test_streams_and_sockets_are_counted_by_address_and_by_caller(hub: Hub, tenant: Tenant) -> None:
    bearer = f"Bearer {tenant.token}"
    app = RpcApp(root, ProductHost(hub), Options(max_open_per_caller=2, max_open_per_address=4))
    async with serving(app) as port, AsyncExitStack() as stack:
        target = "/rpc/runs.onProgress?input=%7B%7D"
        for _ in range(2):
            stream = await stack.enter_async_context(asking(port, target, f"authorization: {bearer}"))
            await stream.readuntil(b"event: connected")
        async with httpx.AsyncClient(base_url=url(port), headers={"authorization": bearer}, trust_env=False) as http:
            assert (await http.get("runs.onProgress", params={"input": "{}"})).status_code == 429
            assert (await http.get("access.me")).status_code == 200, "what answers at once is not counted"
        for _ in range(2):
            await stack.enter_async_context(connect(f"ws://127.0.0.1:{port}/rpc", proxy=None))
        with pytest.raises(InvalidStatus):
            await stack.enter_async_context(connect(f"ws://127.0.0.1:{port}/rpc", proxy=None))


async def test_who_opens_a_socket_says_who_they_are_or_it_is_closed(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "INTRODUCTION_SECONDS", 0.2)
    async with serving(RpcApp(root, ProductHost(hub), Options())) as port, connect(f"ws://127.0.0.1:{port}/rpc?connectionParams=1", proxy=None) as socket:
        async with asyncio.timeout(10):
            assert "must authenticate the caller" in str(await socket.recv())
            await socket.wait_closed()


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "client"),
    [
        ("192.0.2.1", "6.6.6.6", [], "192.0.2.1"),
        ("192.0.2.1", "6.6.6.6", ["10.0.0.0/8"], "192.0.2.1"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.9", ["10.0.0.0/8"], "192.0.2.9"),
        ("10.0.0.1", "6.6.6.6, 192.0.2.9, 10.2.3.4", ["10.0.0.0/8"], "192.0.2.9"),
        ("10.0.0.1", "10.9.9.9", ["10.0.0.0/8"], "10.9.9.9"),
        ("10.0.0.1", "nonsense", ["10.0.0.0/8"], "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::7", ["10.0.0.0/8"], "2001:db8::7"),
        (None, "192.0.2.9", ["10.0.0.0/8"], None),
    ],
)
def test_a_forwarded_address_counts_only_from_a_trusted_proxy(peer: Any, forwarded: str, trusted: list[str], client: Any) -> None:
    assert client_of(peer, forwarded, networks(trusted)) == client
