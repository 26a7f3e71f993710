"""What one caller may ask for: calls a second, time, size, and from where."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import pytest

from backend.actor import ANONYMOUS, Actor
from backend.errors import TooManyRequests
from rpc.core import Request, asgi
from rpc.core import limits as limiting
from rpc.core.http import Options, Rate, RpcApp
from rpc.core.limits import Limiter
from tests.support.wire.app import BareHost
from tests.support.wire.procedures import root

pytestmark = pytest.mark.busy

ORIGIN = "https://app.example"


def client(options: Options) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(RpcApp(root, BareHost(), options)), base_url="http://hub.example/rpc")


def token() -> Actor:
    return Actor(kind="token", name="t", token_id=uuid4())


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def spent(limiter: Limiter, actor: Actor, request: Request | None = None) -> bool:
    try:
        limiter.spend(actor, request or Request())
    except TooManyRequests:
        return False
    return True


def test_a_burst_is_let_through_and_then_so_many_a_second() -> None:
    clock = Clock()
    limiter = Limiter(Rate(per_second=2, burst=3), clock)
    actor, other = token(), token()
    assert [spent(limiter, actor) for _ in range(4)] == [True, True, True, False]
    assert spent(limiter, other)
    clock.now = 0.5
    assert [spent(limiter, actor) for _ in range(2)] == [True, False]
    clock.now = 100
    assert [spent(limiter, actor) for _ in range(4)] == [True, True, True, False]


def test_nobody_in_particular_is_known_by_address() -> None:
    limiter = Limiter(Rate(per_second=1, burst=1), Clock())
    one, other = Request(client="10.0.0.1"), Request(client="10.0.0.2")
    assert [spent(limiter, ANONYMOUS, r) for r in (one, one, other)] == [True, False, True]


def test_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limiting, "MOST_BUCKETS", 10)
    clock = Clock()
    limiter = Limiter(Rate(per_second=1, burst=1), clock)
    for _ in range(1000):
        clock.now += 0.5
        limiter.spend(token(), Request())
    assert len(limiter._buckets) <= 20


async def test_too_many_calls_are_told_when_to_come_back() -> None:
    async with client(Options(rate=Rate(per_second=0.1, burst=2))) as http:
        answers = [await http.get("ping") for _ in range(3)]
        batch = await http.get("ping,ping?batch=1")
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    error = answers[2].json()["error"]
    assert (error["code"], error["data"]["code"], error["data"]["reason"]) == (-32029, "TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS")
    assert 9 <= error["data"]["retryAfter"] <= 10
    assert answers[2].headers["retry-after"] == str(error["data"]["retryAfter"])
    assert batch.status_code == 429


async def test_a_call_that_takes_too_long_is_cancelled() -> None:
    async with client(Options(timeout=0.05)) as http:
        answer = await http.get("slow,ping", params={"batch": "1", "input": '{"0":{"ms":5000}}'})
    late, pong = answer.json()
    assert (late["error"]["code"], late["error"]["data"]["code"], late["error"]["data"]["httpStatus"]) == (-32008, "TIMEOUT", 408)
    assert pong == {"result": {"data": "pong"}}


@pytest.mark.parametrize("announced", [True, False])
async def test_a_body_past_the_limit_is_refused_announced_or_not(announced: bool) -> None:
    async with client(Options(max_body_bytes=2000)) as http:
        kind = {"content-type": "application/octet-stream"}
        answer = await http.post("octets", content=b"x" * 3000 if announced else in_pieces(), headers=kind)
    assert (answer.status_code, answer.json()["error"]["data"]["limit"]) == (413, 2000)


@pytest.mark.parametrize(("piece", "status"), [(b"x", 408), (b"x" * 10_000, 200)], ids=["drips", "flows"])
async def test_a_body_that_drips_is_given_up_and_one_that_flows_is_not(monkeypatch: pytest.MonkeyPatch, piece: bytes, status: int) -> None:
    monkeypatch.setattr(asgi, "BODY_SECONDS", 0.3)
    monkeypatch.setattr(asgi, "BODY_RATE", 10_000)

    async def slowly() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield piece
            await asyncio.sleep(0.05)

    async with client(Options(anonymous_body_bytes=2**40)) as http:
        answer = await http.post("octets", content=slowly(), headers={"content-type": "application/octet-stream"})
    assert answer.status_code == status
    if status == 408:
        error = answer.json()["error"]
        assert (error["code"], error["data"]["code"]) == (-32008, "TIMEOUT")
        assert "The body did not arrive within" in error["message"]


async def in_pieces() -> AsyncIterator[bytes]:
    for _ in range(30):
        yield b"x" * 100


async def test_a_page_of_an_allowed_origin_may_call_with_cookies() -> None:
    async with client(Options(allowed_origins=(ORIGIN,))) as http:
        asked = {"origin": ORIGIN, "access-control-request-method": "POST"}
        preflight = await http.options("user.reset", headers=asked)
        page = {"origin": ORIGIN, "cookie": "a=b", "sec-fetch-site": "cross-site", "content-type": "application/json"}
        answer = await http.post("user.reset", headers=page)
        stream = await http.get("mixed", headers=page)
    assert preflight.status_code == 204
    assert "x-tiltyard" in preflight.headers["access-control-allow-headers"]
    for told in (preflight, answer, stream):
        assert told.headers["access-control-allow-origin"] == ORIGIN
        assert told.headers["access-control-allow-credentials"] == "true"
        assert told.headers["vary"] == "trpc-accept, accept, origin"
    assert answer.json() == {"result": {"data": True}}


async def test_a_page_of_any_other_origin_may_not() -> None:
    for options in (Options(allowed_origins=(ORIGIN,)), Options()):
        async with client(options) as http:
            page = {"origin": "https://evil.example", "cookie": "a=b", "content-type": "application/json"}
            answers = [await http.options("user.reset", headers=page), await http.post("user.reset", headers=page), await http.get("ping", headers=page)]
        assert answers[1].status_code == 403
        assert not any("access-control-allow-origin" in answer.headers for answer in answers)


def test_pings_that_come_too_late_are_refused() -> None:
    with pytest.raises(ValueError, match="ping_interval"):
        Options(ping_interval=30)
