"""Streams that stay open: they leave nothing behind, hold nobody up, and end with their caller's permission."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest

from backend.access import tokens
from backend.access.permissions import P
from backend.actor import ANONYMOUS, Actor
from backend.hub import Hub
from rpc.access import access
from rpc.core import Ctx, Request, Router
from rpc.core import stream_body as outlets
from rpc.core.asgi import PATIENCE
from rpc.core.call import Exchange
from rpc.core.http import Options, RpcApp
from rpc.core.sse import Subscription
from rpc.core.stream_body import Outlet
from rpc.core.websocket import Socket
from rpc.host import ProductHost
from schemas.access import CreateToken, TokenRef
from tests.support.node import Driver
from tests.support.serving import asking, serving
from tests.support.tenants import Tenant
from tests.support.wire import procedures as wire_procedures
from tests.support.wire.app import BareHost

pytestmark = pytest.mark.busy

Context = Ctx[Any, Any]
TICK = "/rpc/tick?input=%7B%22n%22:100000%7D"
LINES = "trpc-accept: application/jsonl"
UPGRADE = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13")

feed = Router("feed")
closed: list[str] = []


@feed.subscription(permission=P.SIGNED_IN)
async def mine(ctx: Context) -> AsyncIterator[str]:
    """Says who listens, then waits."""
    try:
        yield ctx.actor.kind
        await asyncio.sleep(60)
    finally:
        closed.append(ctx.actor.kind)


@feed.query(permission=P.SIGNED_IN)
async def lines(ctx: Context) -> AsyncIterator[str]:
    """The same, as a query."""
    async for item in mine(ctx):
        yield item


@feed.subscription(permission=P.ANYONE)
async def flood(ctx: Context) -> AsyncIterator[str]:
    """As fast as it is read."""
    sent = 0
    try:
        while True:
            yield "x" * 65536
            sent += 1
    finally:
        closed.append(f"flood {sent < 1000}")


@feed.subscription(permission=P.ANYONE)
async def torn(ctx: Context) -> AsyncIterator[int]:
    """Waits for something that is cancelled under its hands."""
    yield 1
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(0.05, never.cancel)
    await never


@feed.query(permission=P.ANYONE)
async def torn_lines(ctx: Context) -> AsyncIterator[int]:
    """The same, as a query."""
    async for item in torn(ctx):
        yield item


@feed.query(permission=P.ANYONE)
async def torn_answer(ctx: Context) -> int:
    """The same, with one answer."""
    async for item in torn(ctx):
        last = item
    return last


wide = Router("", feed, access)


class Hesitant(BareHost):
    """Takes about as long to know its caller as the core waits before it watches whether the client is still there."""

    async def authenticate(self, request: Request) -> Actor:
        """Nobody in particular, after a while."""
        clock = asyncio.get_running_loop().time
        until = clock() + PATIENCE + 0.0001
        await asyncio.sleep(PATIENCE - 0.002)
        while clock() < until:
            await asyncio.sleep(0)
        for _ in range(random.randrange(6)):
            await asyncio.sleep(0)
        return ANONYMOUS


class Wavering(BareHost):
    """Knows its caller, until the look-up is cancelled under its hands."""

    asked = 0

    async def authenticate(self, request: Request) -> Actor:
        """Somebody, the first time."""
        self.asked += 1
        if self.asked > 1:
            raise asyncio.CancelledError
        return Actor(kind="token", name="somebody")


def held(*kinds: type) -> int:
    gc.collect()
    return sum(type(thing) in kinds for thing in gc.get_objects())  # `isinstance` would wake lazy modules


async def eventually(holds: Any, within: float = 10) -> None:
    async with asyncio.timeout(within):
        while not holds():
            await asyncio.sleep(0.02)


async def come_and_go(port: int) -> None:
    async with asking(port, TICK) as answer:
        await answer.readuntil(b"id: 1\n")


async def test_a_thousand_subscribers_come_and_go_without_a_trace() -> None:
    records = wire_procedures.records
    async with serving(RpcApp(wire_procedures.root, BareHost(), Options())) as port:

        async def waves(count: int) -> None:
            records.clear()
            for _ in range(count // 50):
                await asyncio.gather(*(come_and_go(port) for _ in range(50)))
            await eventually(lambda: sum(record[0] == "tick-closed" for record in records) == count)
            await eventually(lambda: held(Subscription, Outlet, Exchange) == 0)
            records.clear()

        await waves(100)
        gc.collect()
        tasks, things = len(asyncio.all_tasks()), len(gc.get_objects())
        await waves(1000)
        gc.collect()
        assert len(asyncio.all_tasks()) == tasks
        assert len(gc.get_objects()) - things < 200


async def test_sockets_and_lines_leave_nothing_behind_either() -> None:
    async with serving(RpcApp(wire_procedures.root, BareHost(), Options())) as port:
        tasks = len(asyncio.all_tasks())
        for _ in range(50):
            async with asking(port, "/rpc/genInf,genInf?batch=1", LINES) as answer:
                await answer.readuntil(b"[[2]]]")
            async with asking(port, "/rpc", *UPGRADE) as answer:
                await answer.readuntil(b"\r\n\r\n")
        await eventually(lambda: held(Outlet, Exchange, Socket) == 0)
        await eventually(lambda: len(asyncio.all_tasks()) == tasks)


async def test_a_reader_that_does_not_read_holds_its_writer_up_and_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outlets, "STALLED", 0.4)
    closed.clear()
    async with serving(RpcApp(wide, BareHost(), Options(ping_interval=0.1))) as port, asking(port, "/rpc/feed.flood") as answer:
        await answer.readexactly(1000)
        await eventually(lambda: closed == ["flood True"])


@pytest.mark.parametrize("way", ["cookie", "token", "params"])
async def test_a_stream_ends_with_its_session_or_token(hub: Hub, tenant: Tenant, way: str) -> None:
    closed.clear()
    created = await made(hub, tenant)
    secret = created.secret
    app = RpcApp(wide, ProductHost(hub), Options(recheck_interval=0.1))
    async with serving(app) as port, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/rpc/", headers={"x-tiltyard": "1"}) as browser:
        await browser.post("access.signIn", json={"email": tenant.email, "password": tenant.password})
        cookie = "; ".join(f"{c.name}={c.value}" for c in browser.cookies.jar)
        headers = {"cookie": [f"cookie: {cookie}"], "token": [f"authorization: Bearer {secret}"], "params": []}[way]
        query = "?connectionParams=%7B%22token%22:%22" + secret + "%22%7D" if way == "params" else ""
        async with asking(port, f"/rpc/feed.mine{query}", *headers) as answer:
            await answer.readuntil(b"data: " + (b'"person"' if way == "cookie" else b'"token"'))
            await asyncio.sleep(0.25)
            assert closed == []
            await (browser.post("access.signOut", headers={"content-type": "application/json"}) if way == "cookie" else revoked(hub, tenant, created.token.id))
            rest = (await asyncio.wait_for(answer.readuntil(b"0\r\n\r\n"), 5)).decode()
    assert "event: serialized-error" in rest
    assert '"code":"UNAUTHORIZED"' in rest
    assert closed == ["person" if way == "cookie" else "token"]


async def test_lines_and_sockets_end_with_the_token_too(hub: Hub, tenant: Tenant) -> None:
    created = await made(hub, tenant)
    bearer = f"authorization: Bearer {created.secret}"
    async with (
        serving(RpcApp(wide, ProductHost(hub), Options(recheck_interval=0.1))) as port,
        asking(port, "/rpc/feed.lines?batch=1", LINES, bearer) as stream,
        asking(port, "/rpc", bearer, *UPGRADE) as socket,
    ):
        await stream.readuntil(b'[["token"]]')
        await socket.readuntil(b"\r\n\r\n")
        await revoked(hub, tenant, created.token.id)
        rest = (await asyncio.wait_for(stream.readuntil(b"0\r\n\r\n"), 5)).decode()
        frame = await asyncio.wait_for(socket.readexactly(4), 5)
    failure = msgspec.json.decode(next(line for line in rest.split("\n") if line.startswith("[2,2,")))
    assert failure[2]["data"]["code"] == "UNAUTHORIZED"
    assert frame[:1] == b"\x88"
    assert int.from_bytes(frame[2:4]) == 1008


async def made(hub: Hub, tenant: Tenant) -> Any:
    async with hub.work(tenant.admin) as work:
        return await tokens.create_token(work, CreateToken(name="stream", scopes=["*"]))


async def revoked(hub: Hub, tenant: Tenant, token_id: Any) -> None:
    async with hub.work(tenant.admin) as work:
        await tokens.revoke_token(work, TokenRef(token_id=token_id))


async def to_the_end(answer: asyncio.StreamReader) -> str:
    """What is sent until the body is complete. IncompleteReadError when it breaks off, which browsers report as a fault."""
    return (await asyncio.wait_for(answer.readuntil(b"\r\n0\r\n\r\n"), 5)).decode()


async def test_a_stream_whose_source_is_cancelled_under_its_hands_tells_so_and_is_whole() -> None:
    async with serving(RpcApp(wide, BareHost(), Options())) as port:
        async with asking(port, "/rpc/feed.torn") as answer:
            told = await to_the_end(answer)
            assert "data: 1\n" in told
            assert "event: serialized-error" in told
            assert '"code":"INTERNAL_SERVER_ERROR"' in told
        async with asking(port, "/rpc/feed.tornLines,feed.tornAnswer?batch=1", LINES) as answer:
            told = await to_the_end(answer)
            assert told.count('"code":"INTERNAL_SERVER_ERROR"') == 2
        async with httpx.AsyncClient(trust_env=False) as http:
            alone = await http.get(f"http://127.0.0.1:{port}/rpc/feed.tornAnswer")
            assert (alone.status_code, alone.json()["error"]["data"]["reason"]) == (500, "INTERNAL_ERROR")


async def test_over_a_socket_it_is_that_subscription_which_fails_and_not_the_socket() -> None:
    async with serving(RpcApp(wide, BareHost(), Options())) as port:
        js = await Driver.start(f"http://127.0.0.1:{port}")
        try:
            told = await js.run(
                "const { ws, client } = sockets(); const live = listen(client.feed.torn); await live.done; "
                "const alone = await failure(client.feed.tornAnswer.query()); await ws.close(); return [live.heard, alone]"
            )
        finally:
            await js.stop()
    assert told[0]["data"] == [1]
    assert [told[0]["error"]["data"]["code"], told[1]["data"]["code"]] == ["INTERNAL_SERVER_ERROR"] * 2


@pytest.mark.parametrize(("target", "header"), [("/rpc/feed.mine", "x-nothing: 1"), ("/rpc/feed.lines?batch=1", LINES)])
async def test_a_stream_whose_caller_cannot_be_checked_any_more_tells_so_and_is_whole(target: str, header: str) -> None:
    async with serving(RpcApp(wide, Wavering(), Options(recheck_interval=0.1))) as port, asking(port, target, header) as answer:
        assert '"code":"INTERNAL_SERVER_ERROR"' in await to_the_end(answer)


@pytest.mark.parametrize(("target", "header"), [("/rpc/tick?input=%7B%22n%22:3%7D", "x-nothing: 1"), ("/rpc/gen,gen?batch=1", LINES)])
async def test_a_caller_who_is_known_just_when_the_core_begins_to_watch_for_its_leaving_is_answered_in_full(target: str, header: str) -> None:
    async with serving(RpcApp(wire_procedures.root, Hesitant(), Options())) as port:

        async def ask() -> None:
            for _ in range(15):
                async with asking(port, target, header) as answer:
                    await to_the_end(answer)

        await asyncio.gather(*(ask() for _ in range(8)))


@pytest.mark.parametrize(
    ("target", "header"), [(TICK, "x-nothing: 1"), ("/rpc/genInf?batch=1", LINES), ("/rpc/slow?input=%7B%22ms%22:9000%7D", "x-nothing: 1")]
)
async def test_whoever_leaves_after_that_is_noticed_all_the_same(target: str, header: str) -> None:
    wire_procedures.records.clear()
    async with serving(RpcApp(wire_procedures.root, Hesitant(), Options())) as port:
        for _ in range(10):
            async with asking(port, target, header):
                await asyncio.sleep(0.1)
        await eventually(lambda: sum(record[0] in ("tick-closed", "gen-closed", "cancelled") for record in wire_procedures.records) == 10)
    wire_procedures.records.clear()
