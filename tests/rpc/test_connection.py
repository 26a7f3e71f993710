"""A client's connection over real sockets: what is answered whole, what by ASGI, and that nobody can tell the difference."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any, NamedTuple

import pytest
from msgspec.structs import replace

from backend.hub import Hub
from backend.settings import Settings
from rpc.app import Application
from rpc.http_connection import CompleteResponse, Headers
from tests.support.group import serve_group
from tests.support.serving import serving
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


class Echo:
    """Says by which way a request came to it, and what was in it. Whatever is below /whole may be answered whole."""

    def __init__(self, *, pause: float = 0, padding: int = 0) -> None:
        self._pause, self._padding = pause, padding
        self.ways: list[str] = []
        self.ended = 0

    def takes_whole(self, target: bytes) -> bool:
        return target.startswith(b"/whole")

    async def answer_whole(self, path: str, headers: Headers, body: bytes) -> CompleteResponse:
        return CompleteResponse(200, await self._said("whole", path, headers, body), [(b"x-way", b"whole")])

    async def __call__(self, scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
        message: dict[str, Any] = {"more_body": True}
        body = b""
        while message.get("more_body"):
            message = await receive()
            body += message.get("body", b"")
        said = await self._said("asgi", scope["path"], scope["headers"], body)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(said))]})
        await send({"type": "http.response.body", "body": said})

    async def _said(self, way: str, path: str, headers: Headers, body: bytes) -> bytes:
        self.ways.append(way)
        await asyncio.sleep(self._pause)
        if path == "/whole/fails":
            raise RuntimeError("as a bug would")
        self.ended += 1
        said = {"way": way, "path": path, "body": body.decode(), "hosts": [value.decode() for name, value in headers if name == b"host"]}
        return json.dumps(said).encode() + b" " * self._padding

    async def close(self) -> None:
        """Nothing is open."""


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def said(self) -> tuple[str, str, str]:
        """The way it came, the path, the body."""
        assert self.status == 200, self
        told = json.loads(self.body)
        assert told["hosts"] == ["hub"]
        return told["way"], told["path"], told["body"]


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def send(self, *pieces: bytes) -> None:
        """Each on its own."""
        for number, piece in enumerate(pieces):
            await asyncio.sleep(0.05 if number else 0)
            self.writer.write(piece)

    async def answer(self) -> Answer:
        async with asyncio.timeout(10):
            first, *lines = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[:-2]
            headers = dict(line.lower().split(": ", 1) for line in lines)
            return Answer(int(first.split()[1]), headers, await self._reader.readexactly(int(headers.get("content-length", 0))))

    async def ask(self, *pieces: bytes) -> Answer:
        await self.send(*pieces)
        return await self.answer()

    async def rest(self, within: float = 5) -> bytes:
        """All that is said until the connection is closed."""
        async with asyncio.timeout(within):
            return await self._reader.read()


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[Client]:
    client = Client(*await asyncio.open_connection("127.0.0.1", port))
    try:
        yield client
    finally:
        client.writer.transport.abort()


@asynccontextmanager
async def client_of(app: Any) -> AsyncIterator[Client]:
    async with serving(app) as port, connected(port) as client:
        yield client


def request(method: str, path: str, body: bytes = b"", *headers: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/{version}", "Host: hub", f"Content-Length: {len(body)}", *headers, "", ""]).encode() + body


def post(path: str, body: bytes = b"", *headers: str) -> bytes:
    return request("POST", path, body, *headers)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():
            await asyncio.sleep(0.005)


async def test_a_request_that_comes_in_one_piece_is_answered_whole_and_the_connection_stays() -> None:
    async with client_of(Echo()) as client:
        for body in (b"one", b"two", b""):
            answer = await client.ask(post("/whole", body))
            assert answer.said == ("whole", "/whole", body.decode())
            assert (answer.status, answer.headers["content-type"], answer.headers["x-way"]) == (200, "application/json", "whole")
            assert answer.headers["date"].endswith("gmt")
            assert "connection" not in answer.headers
        assert (await client.ask(request("GET", "/whole"))).said == ("asgi", "/whole", "")
        assert (await client.ask(post("/other", b"three"))).said == ("asgi", "/other", "three")
        assert (await client.ask(post("/whole", b"four"))).said == ("whole", "/whole", "four")


@pytest.mark.parametrize("pieces", [(-3,), (-10,), (-8, -3)])
async def test_a_body_in_pieces_is_answered_by_asgi_with_all_of_it(pieces: tuple[int, ...]) -> None:
    async with client_of(Echo()) as client:
        for _ in range(2):
            assert (await client.ask(*cut(post("/whole", b"0123456789"), *pieces))).said == ("asgi", "/whole", "0123456789")
        assert (await client.ask(post("/whole", b"again"))).said == ("whole", "/whole", "again")


@pytest.mark.parametrize("pieces", [(7,), (20,), (35,), (3, 30)])
async def test_a_head_in_pieces_is_put_together(pieces: tuple[int, ...]) -> None:
    async with client_of(Echo()) as client:
        for _ in range(2):
            assert (await client.ask(*cut(post("/whole", b"0123456789"), *pieces))).said == ("whole", "/whole", "0123456789")
            assert (await client.ask(*cut(post("/whole", b"0123456789"), *pieces, -3))).said == ("asgi", "/whole", "0123456789")


def cut(whole: bytes, *at: int) -> list[bytes]:
    """Its pieces; a negative place counts from the end."""
    places = [0, *(place % len(whole) for place in at), len(whole)]
    return [whole[start:end] for start, end in pairwise(places)]


async def test_a_chunked_body_is_put_together_whether_it_comes_in_one_piece_or_in_two() -> None:
    chunked = b"POST /whole HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
    async with client_of(Echo()) as client:
        assert (await client.ask(chunked)).said == ("whole", "/whole", "hello world")
        assert (await client.ask(*cut(chunked, -12))).said == ("asgi", "/whole", "hello world")
        assert (await client.ask(*cut(chunked, -5))).said == ("asgi", "/whole", "hello world")


async def test_pipelined_requests_are_answered_in_order_and_each_once() -> None:
    echo = Echo(pause=0.01)
    async with client_of(echo) as client:
        for _ in range(3):
            await client.send(post("/whole/1", b"a") + request("GET", "/2") + post("/whole/3", b"c") + post("/whole/4", b"d"))
            said = [(await client.answer()).said for _ in range(4)]
            assert [path for _, path, _ in said] == ["/whole/1", "/2", "/whole/3", "/whole/4"]
            assert [body for _, _, body in said] == ["a", "", "c", "d"]
            assert said[0][0] == "whole"
        assert len(echo.ways) == 12


async def test_pipelined_requests_whose_borders_lie_anywhere_are_answered_in_order() -> None:
    stream = b"".join(post(f"/whole/{number}", b"x" * number) for number in range(40))
    for step in (33, 90, 700):
        async with client_of(Echo(pause=0.001)) as client:
            for start in range(0, len(stream), step):
                client.writer.write(stream[start : start + step])
                await asyncio.sleep(0.001)
            said = [(await client.answer()).said[1:] for _ in range(40)]
            assert said == [(f"/whole/{number}", "x" * number) for number in range(40)]


@pytest.mark.parametrize("last", [request("POST", "/whole", b"a", version="1.0"), post("/whole", b"a", "Connection: close")], ids=["1.0", "close"])
async def test_who_wants_one_answer_gets_it_is_told_of_the_close_and_closed(last: bytes) -> None:
    async with client_of(Echo()) as client:
        answer = await client.ask(last)
        assert (answer.said, answer.headers["connection"]) == (("whole", "/whole", "a"), "close")
        assert await client.rest() == b""


async def test_who_asks_whether_to_go_on_is_told_to() -> None:
    async with client_of(Echo()) as client:
        head, body = cut(post("/whole", b"0123456789", "Expect: 100-continue"), -10)
        assert (await client.ask(head)).status == 100
        assert (await client.ask(body)).said == ("asgi", "/whole", "0123456789")
        assert (await client.ask(post("/whole", b"again"))).said == ("whole", "/whole", "again")


async def test_a_client_that_leaves_before_its_answer_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    echo = Echo(pause=0.1)
    async with serving(echo) as port:  # type: ignore[arg-type]
        async with connected(port) as client:
            await client.send(post("/whole", b"a"))
            await until(lambda: echo.ways == ["whole"])
        async with connected(port) as other:
            assert (await other.ask(post("/whole", b"b"))).said == ("whole", "/whole", "b")
        assert (echo.ways, echo.ended) == (["whole"] * 2, 2)
    assert caplog.records == []


async def test_a_failure_nobody_foresaw_closes_its_connection_and_no_other() -> None:
    async with serving(Echo(pause=0.01)) as port, connected(port) as other:  # type: ignore[arg-type]
        async with connected(port) as client:
            await client.send(post("/whole/fails", b"a") + post("/whole", b"behind it"))
            assert await client.rest() == b""
        assert (await other.ask(post("/whole", b"b"))).said == ("whole", "/whole", "b")


async def test_a_stop_delivers_the_answers_that_have_begun() -> None:
    echo = Echo(pause=0.3)
    async with serving(echo) as port:  # type: ignore[arg-type]
        client, pipelining = [Client(*await asyncio.open_connection("127.0.0.1", port)) for _ in range(2)]
        await client.send(post("/whole", b"a"))
        await pipelining.send(post("/whole", b"b") + post("/whole", b"c"))
        await until(lambda: len(echo.ways) == 2)
    answer = await client.answer()
    assert (answer.said, answer.headers["connection"]) == (("whole", "/whole", "a"), "close")
    assert [(await pipelining.answer()).said[2] for _ in range(2)] == ["b", "c"]
    assert await client.rest() == b""
    assert await pipelining.rest() == b""


class Watched(Application):
    """The product, which counts what it answers whole."""

    whole = 0

    def answer_whole(self, path: str, headers: Headers, body: bytes) -> Any:
        self.whole += 1
        return super().answer_whole(path, headers, body)


async def test_the_product_says_the_same_whichever_way_it_is_asked(hub: Hub, settings: Settings, tenant: Tenant) -> None:
    served = await serve_group(hub, tenant)
    good = json.dumps({"inputs": served.inputs, "entity_key": "client-1"}).encode()
    token, kind = f"Authorization: Bearer {tenant.token}", "Content-Type: application/json"
    app = Watched(replace(settings, max_predict_bytes=2_000))
    async with client_of(app) as client:

        async def both(slug: str, body: bytes, *headers: str) -> tuple[Answer, Any]:
            """The answer in words that hold for either way, after one in one piece and one in two."""
            asked = post(f"/v1/groups/{slug}/predict", body, *headers)
            before = app.whole
            one, two = await client.ask(asked), await client.ask(*cut(asked, -1))
            assert app.whole == before + 1
            assert (one.status, set(one.headers)) == (two.status, set(two.headers))
            told, other = json.loads(one.body), json.loads(two.body)
            if one.status == 200:
                assert {name: told[name] for name in ("score", "version", "role")} == {name: other[name] for name in ("score", "version", "role")}
                return one, told
            assert told["error"].pop("requestId") != other["error"].pop("requestId")
            assert told == other
            return one, told["error"]["reason"]

        slug = served.group.slug
        answer, said = await both(slug, good, token, kind)
        assert (answer.status, said["version"] in ("v1.2", "v1.3"), 0 < said["score"] < 1) == (200, True, True)
        for status, reason, asked in [
            (400, "MALFORMED_BODY", (slug, good[:-1], token, kind)),
            (401, "UNAUTHORIZED", (slug, good, kind)),
            (404, "GROUP_NOT_FOUND", ("nobody_knows", good, token, kind)),
            (413, "PAYLOAD_TOO_LARGE", (slug, b" " * 2_001, token, kind)),
            (415, "UNSUPPORTED_MEDIA_TYPE", (slug, good, token, "Content-Type: text/plain")),
        ]:
            answer, said = await both(*asked)
            assert (answer.status, said) == (status, reason)
