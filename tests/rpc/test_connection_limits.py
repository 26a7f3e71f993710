"""What a connection puts up with, and for how long: heads too long, too slow or never sent, what is no HTTP at all, and clients that do not read."""

import asyncio
import gc
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from rpc import http_connection, server
from rpc.http_connection import Connection
from tests.rpc.test_connection import Client, Echo, client_of, connected, cut, post, request, until
from tests.support.serving import serving

pytestmark = pytest.mark.busy


def held() -> int:
    """Connections still in memory."""
    gc.collect()
    return sum(type(thing) is Connection for thing in gc.get_objects())


@pytest.mark.parametrize(
    "begun",
    [b"GET /" + b"a" * 40_000, b"GET / HTTP/1.1\r\nx: " + b"a" * 40_000, b"GET / HTTP/1.1\r\n" + b"x: y\r\n" * 7_000],
    ids=["target", "value", "headers"],
)
async def test_a_head_too_long_is_refused_and_forgotten(begun: bytes) -> None:
    echo = Echo()
    async with serving(echo) as port:  # type: ignore[arg-type]
        await until(lambda: held() == 0)
        async with connected(port) as client:
            answer = await client.ask(begun, begun[16:])
            assert (answer.status, answer.headers["connection"]) == (431, "close")
            assert await client.rest() == b""
        await until(lambda: held() == 0)
    assert echo.ways == []


async def test_a_long_head_within_the_limit_is_read() -> None:
    async with client_of(Echo()) as client:
        for _ in range(2):
            asked = post("/whole", b"a", f"x: {'b' * 60_000}")
            assert (await client.ask(*cut(asked, 20_000, 40_000))).said == ("whole", "/whole", "a")


@asynccontextmanager
async def new_or_kept(kept: bool) -> AsyncIterator[Client]:
    """A client's connection on which nothing was asked yet, or that was kept after an answer."""
    async with client_of(Echo()) as client:
        if kept:
            assert (await client.ask(post("/whole", b"a"))).status == 200
        yield client


@pytest.mark.parametrize("kept", [False, True])
async def test_a_head_that_never_ends_is_refused(monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.2)
    async with new_or_kept(kept) as client:
        started = time.monotonic()
        await client.send(*[b"POST /whole HTTP/1.1\r\n", *[b"x: y\r\n"] * 3])
        answer = await client.answer()
        assert (answer.status, answer.headers["connection"]) == (408, "close")
        assert 0.15 < time.monotonic() - started < 2
        assert await client.rest() == b""


async def refusing(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """Refuses without waiting for the body."""
    await send({"type": "http.response.start", "status": 401, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"no"})


class Refusing(Echo):
    """Answers before the request is there, but for what may be answered whole."""

    __call__ = staticmethod(refusing)  # type: ignore[assignment]


async def test_the_rest_of_a_request_that_is_answered_already_may_not_drip_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.3)
    head, _ = cut(post("/other", b"a" * 1000), -1000)
    async with client_of(Refusing()) as client:
        assert (await client.ask(head)).status == 401
        started = time.monotonic()
        rest = asyncio.create_task(client.rest(within=10))
        while not rest.done() and time.monotonic() - started < 5:
            await client.send(b"a")
            await asyncio.sleep(0.02)
        assert await rest == b""
        assert 0.2 < time.monotonic() - started < 3


async def test_the_rest_of_a_request_that_is_answered_already_may_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.4)
    head, body = cut(post("/other", b"a" * 1000), -1000)
    async with client_of(Refusing()) as client:
        for _ in range(3):
            assert (await client.ask(head)).status == 401
            await client.send(body[:500])
            await asyncio.sleep(0.25)
            assert (await client.ask(body[500:] + post("/whole", b"b"))).said == ("whole", "/whole", "b")


async def test_a_head_that_came_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.2)
    async with client_of(Echo(pause=0.3)) as client:
        for asked in (post("/whole", b"a"), request("GET", "/other")):
            assert (await client.ask(*cut(asked, 10))).status == 200
            await asyncio.sleep(0.3)


async def test_a_head_counts_without_what_came_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_BYTES", 1_000)
    async with client_of(Echo()) as client:
        begun, rest = cut(post("/whole", b"a"), 10)
        await client.send(post("/whole", b"b" * 3_000) + begun, rest)
        assert [((await client.answer()).said)[2] for _ in range(2)] == ["b" * 3_000, "a"]


async def test_a_head_that_the_server_leaves_unread_is_not_late(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_connection, "HEAD_SECONDS", 0.1)
    async with client_of(Echo(pause=0.3)) as client:
        begun, rest = cut(post("/whole/3", b"c"), 10)
        await client.send(post("/whole/1", b"a") + post("/whole/2", b"b") + begun, rest)
        assert [((await client.answer()).said)[1] for _ in range(3)] == ["/whole/1", "/whole/2", "/whole/3"]


@pytest.mark.parametrize("first", [b"", post("/whole", b"a"), request("GET", "/other")], ids=["new", "whole", "asgi"])
async def test_a_connection_on_which_nothing_is_asked_is_closed(monkeypatch: pytest.MonkeyPatch, first: bytes) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.5)
    async with client_of(Echo()) as client:
        for _ in range(3 if first else 0):
            await asyncio.sleep(0.3)
            assert (await client.ask(first)).status == 200
        started = time.monotonic()
        assert await client.rest() == b""
        assert 0.3 < time.monotonic() - started < 2


async def test_a_slow_answer_is_no_idle_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    async with client_of(Echo(pause=0.5)) as client:
        for asked in (post("/whole", b"a"), request("GET", "/other")):
            assert (await client.ask(asked)).status == 200


@pytest.mark.parametrize("kept", [False, True])
async def test_an_empty_line_keeps_no_connection_open_for_good(monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    monkeypatch.setattr(server, "IDLE_SECONDS", 0.2)
    async with new_or_kept(kept) as client:
        await client.send(b"\r\n")
        assert await client.rest(within=2) == b""


@pytest.mark.parametrize(
    "garbage", [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"hello\r\n\r\n", b"POST /whole/\xff HTTP/1.1\r\n\r\n", b"POST /whole SMTP/1\r\n"]
)
async def test_what_is_no_http_is_refused_and_closed(garbage: bytes) -> None:
    async with serving(Echo()) as port:  # type: ignore[arg-type]
        for before in (b"", post("/whole", b"a")):
            async with connected(port) as client:
                if before:
                    assert (await client.ask(before)).status == 200
                answer = await client.ask(garbage)
                assert (answer.status, answer.headers["connection"]) == (400, "close")
                assert await client.rest() == b""


async def test_a_body_that_is_no_http_is_refused_and_never_answered() -> None:
    echo = Echo()
    async with client_of(echo) as client:
        answer = await client.ask(b"POST /whole HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nno number\r\n")
        assert answer.status == 400
        assert await client.rest() == b""
    assert "whole" not in echo.ways


async def test_trailers_without_end_are_not_kept() -> None:
    async with client_of(Echo()) as client:
        await client.send(b"POST /whole HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n")
        for _ in range(20):
            await client.send(b"x: y\r\n" * 2_000)
            await asyncio.sleep(0.01)
        with suppress(ConnectionError):  # closed before it had read all
            assert b" 200 " not in await client.rest(within=1)


async def test_a_client_that_reads_only_at_the_end_gets_every_answer_in_order() -> None:
    echo = Echo(padding=50_000)
    async with client_of(echo) as client:
        client.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        for number in range(200):
            await client.send(post(f"/whole/{number}", b"x"))
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.1)
        assert echo.ways.count("whole") > 1
        assert echo.ended < 200, "nobody had to wait"
        assert [(await client.answer()).said[1] for _ in range(200)] == [f"/whole/{number}" for number in range(200)]
        assert (await client.ask(post("/whole", b"y"))).said == ("whole", "/whole", "y")
