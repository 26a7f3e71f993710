"""Whatever is sent, the answer is in the envelope: no failure that no procedure declares, nothing that hangs, nothing left behind.

`CASES=100000` runs so many cases instead of a few (`make fuzz-rpc`).
"""

import asyncio
import gc
import json
import os
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import quote

import msgspec
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rpc.core import asgi
from rpc.core.call import Exchange
from rpc.core.http import Options, Rate, RpcApp
from rpc.core.stream_body import Outlet
from rpc.core.websocket import Socket
from tests.support.wire.app import BareHost
from tests.support.wire.procedures import records, root

CASES = int(os.environ.get("CASES", "400"))
WITHIN = 20.0
"""Seconds that no answer may take, on however busy a machine: the longest procedure that is called here sleeps 20 ms."""

hard = settings(max_examples=CASES, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
app = RpcApp(root, BareHost(), Options(max_batch=10, max_body_bytes=4096, ping_interval=0.01, reconnect_after_inactivity_ms=1000, max_duration=0.05))
limited = RpcApp(root, BareHost(), Options(method_override=True, rate=Rate(per_second=1e6, burst=50), timeout=0.01, allowed_origins=("https://a.example",)))

PATHS = [path for path, _ in root.procedures() if path != "boom"]
DECLARED = {503}
"""Failures above 499 that the procedures declare: `tick` is flaky when it is asked to be."""

nasty = st.sampled_from(
    ["", "%", "%zz", "%00", "%2c", "%ff", "\0", "💥", "\ud800", "__proto__", "constructor", "a" * 3000, "9" * 5000, "٣", "²", "-0", "1e999", "NaN"]
)
text = st.one_of(st.text(max_size=20), nasty)
depth = st.sampled_from([10, 2000, 20_000])
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), text)
values = st.recursive(scalars, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(text, inner, max_size=4)), max_leaves=8)
fields = {
    "name": values,
    "n": st.one_of(st.integers(-5, 5), values),
    "failAt": values,
    "lastEventId": values,
    "ms": st.integers(-1, 20),
    "size": values,
    "cursor": values,
}
likely = st.fixed_dictionaries({}, optional=fields)
inputs = st.one_of(
    st.one_of(values, likely).map(lambda value: json.dumps(value)),
    depth.map(lambda n: "[" * n),
    depth.map(lambda n: '{"name":' * n + "1" + "}" * n),
    st.sampled_from(["", "{", '{"a":1,}', "NaN", '"\\ud800"', '{"name":"\\ud800"}', "\ufeff{}", "1" * 5000, '{"characters":3}', '{"name":"\\u0000"}']),
    text,
)
maps = st.dictionaries(st.one_of(st.integers(-2, 12).map(str), nasty), inputs, max_size=5).map(
    lambda sent: "{" + ",".join(f"{json.dumps(key)}:{value or 'null'}" for key, value in sent.items()) + "}"
)
paths = st.lists(st.one_of(st.sampled_from(PATHS), text), min_size=1, max_size=12)
names = st.sampled_from(
    ["content-type", "accept", "trpc-accept", "cookie", "origin", "last-event-id", "content-length", "x-tiltyard", "authorization", "sec-fetch-site", "host"]
)
known = st.sampled_from(
    ["application/json", "application/jsonl", "text/event-stream", "multipart/form-data; boundary=x", "multipart/form-data", "application/octet-stream", "1"]
)
said = st.one_of(
    known, known, st.binary(max_size=30).map(lambda raw: raw.decode("latin-1")), st.sampled_from(["9" * 30, "http://[", "²", "a=b; =;;\x7f", "a\r\nb: c"])
)
headers = st.lists(st.tuples(names, said), max_size=5)
bodies = st.one_of(inputs, maps).map(lambda sent: sent.encode("utf-8", "surrogatepass")) | st.binary(max_size=200) | st.just(b"x" * 5000)


def quoted(sent: str) -> bytes:
    return quote(sent.encode("utf-8", "surrogatepass")).encode()


class Exchanged:
    """A request as it is played to the application. Its client leaves after so many messages, and unless it `reads`, holds the next one up until then."""

    def __init__(self, scope: dict[str, Any], pieces: list[dict[str, Any]], leaves_after: int | None, reads: bool) -> None:
        self.scope, self.pieces, self.leaves_after, self.reads = scope, pieces, leaves_after, reads
        self.sent = list(pieces)
        self.gone = asyncio.Event()
        self.messages: list[dict[str, Any]] = []

    async def receive(self) -> dict[str, Any]:
        if self.pieces:
            return self.pieces.pop(0)
        socket = self.scope["type"] == "websocket"
        with suppress(TimeoutError):
            async with asyncio.timeout(0.02 if socket else WITHIN):
                await self.gone.wait()
        return {"type": "websocket.disconnect" if self.scope["type"] == "websocket" else "http.disconnect"}

    async def send(self, message: dict[str, Any]) -> None:
        self.messages.append(message)
        if self.leaves_after is not None and len(self.messages) > self.leaves_after:
            asyncio.get_running_loop().call_later(0.01, self.gone.set)
            if not self.reads:
                await self.gone.wait()

    async def played(self, on: RpcApp) -> None:
        async with asyncio.timeout(WITHIN):
            await on(self.scope, self.receive, self.send)

    @property
    def status(self) -> int | None:
        return next((message["status"] for message in self.messages if "status" in message), None)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


parts = st.fixed_dictionaries(
    {"path": paths, "headers": headers, "bodies": st.lists(bodies, max_size=3), "leaves_after": st.integers(0, 8), "reads": st.booleans()},
    optional={"batch": st.sampled_from(["1", "1", "1", "0"]), "input": inputs | maps, "connectionParams": inputs, "lastEventId": text, "Last-Event-Id": text},
)
methods = st.sampled_from(["GET", "GET", "GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "💥"])
messages = st.one_of(
    st.fixed_dictionaries(
        {"method": st.sampled_from(["query", "mutation", "subscription", "subscription.stop"]), "id": st.integers(0, 3)},
        optional={"params": st.fixed_dictionaries({"path": st.sampled_from(PATHS) | text}, optional={"input": values | likely, "lastEventId": text})},
    ).map(json.dumps),
    st.dictionaries(st.sampled_from(["id", "method", "params", "jsonrpc", "data"]), values).map(json.dumps),
    inputs,
    st.sampled_from(["PING", "PONG", '{"method":"connectionParams","data":{"token":"t"}}']),
)
runner = asyncio.Runner()
AT_ONCE = 64


class Crowd:
    """Cases gathered as they are drawn, and then played all at once: most of them spend their time waiting."""

    def __init__(self, check: Callable[["Exchanged"], None]) -> None:
        self._check = check
        self._waiting: list[tuple[Exchanged, RpcApp]] = []
        self.played = 0

    def add(self, case: "Exchanged", on: RpcApp) -> None:
        """Play it with the next lot."""
        self._waiting.append((case, on))
        if len(self._waiting) >= AT_ONCE:
            self.play()

    def play(self) -> None:
        """Play and check what has not been."""
        lot, self._waiting = self._waiting, []
        runner.run(self._play(lot))
        self.played += len(lot)

    async def _play(self, lot: list[tuple["Exchanged", RpcApp]]) -> None:
        ends = await asyncio.gather(*(case.played(on) for case, on in lot), return_exceptions=True)
        for (case, _), end in zip(lot, ends, strict=True):
            assert end is None, (end, case.scope, case.sent)
            self._check(case)


def request(method: str, asked: dict[str, Any]) -> Exchanged:
    """An HTTP request made of the parts."""
    query = b"&".join(
        name.encode() + b"=" + quoted(asked[name]) for name in ("batch", "input", "connectionParams", "lastEventId", "Last-Event-Id") if name in asked
    )
    path = ",".join(asked["path"]).encode("utf-8", "surrogatepass")
    given_headers = [(name.encode(), value.encode("latin-1")) for name, value in asked["headers"]]
    scope = {
        "type": "http",
        "method": method,
        "path": "/rpc/x",
        "raw_path": b"/rpc/" + path,
        "query_string": query,
        "headers": given_headers,
        "client": ("127.0.0.1", 1),
    }
    last = len(asked["bodies"]) - 1
    pieces = [{"type": "http.request", "body": body, "more_body": index < last} for index, body in enumerate(asked["bodies"])]
    return Exchanged(scope, pieces or [{"type": "http.request", "body": b"", "more_body": False}], asked["leaves_after"], asked["reads"])


def check(answered: Exchanged) -> None:
    """Nothing failed that no procedure declares, and what is JSON can be read."""
    failures = {int(status) for status in re.findall(rb'"httpStatus":(5\d\d)', answered.body)}
    assert failures <= DECLARED, (answered.scope, answered.sent, answered.body)
    assert answered.status is None or answered.status < 500 or answered.status in DECLARED, (answered.scope, answered.sent)
    started = [message for message in answered.messages if message["type"] == "http.response.start"]
    if started and dict(started[0]["headers"]).get(b"content-type") == b"application/json" and answered.reads:
        for line in answered.body.split(b"\n"):
            msgspec.json.decode(line.strip(b" ") or b"null")


def check_socket(answered: Exchanged) -> None:
    """The same, of what was said over a socket."""
    texts = [message["text"] for message in answered.messages if message["type"] == "websocket.send"]
    failures = {status for one in texts for status in re.findall(r'"httpStatus":(5\d\d)', one)}
    assert failures <= {str(status) for status in DECLARED}, (answered.sent, texts)


def test_any_request_is_answered_in_the_envelope() -> None:
    crowd = Crowd(check)

    @hard
    @given(method=methods, asked=parts, on=st.sampled_from([app, app, limited]))
    def gather(method: str, asked: dict[str, Any], on: RpcApp) -> None:
        crowd.add(request(method, asked), on)

    gather()
    crowd.play()
    assert crowd.played >= CASES


def test_a_socket_survives_whatever_is_said() -> None:
    crowd = Crowd(check_socket)

    @hard
    @given(
        said=st.lists(st.lists(messages, max_size=3).map(lambda many: f"[{','.join(many)}]") | messages, max_size=6),
        reads=st.booleans(),
        query=text | st.just("connectionParams=1"),
    )
    def gather(said: list[str], reads: bool, query: str) -> None:
        crowd.add(socket(said, reads, query), app)

    gather()
    crowd.play()
    assert crowd.played >= CASES


def socket(said: list[str], reads: bool, query: str) -> Exchanged:
    """A socket on which so much is said."""
    pieces: list[dict[str, Any]] = [{"type": "websocket.connect"}, *({"type": "websocket.receive", "text": one} for one in said)]
    scope = {"type": "websocket", "path": "/rpc", "query_string": query.encode("utf-8", "surrogatepass"), "headers": [], "client": None}
    return Exchanged(scope, pieces, leaves_after=3, reads=reads)


def test_after_all_that_nothing_is_left() -> None:
    assert runner.run(_others()) == 0
    records.clear()
    gc.collect()
    assert [thing for thing in gc.get_objects() if type(thing) in (Exchange, Outlet, Socket, asgi.Departure)] == []


async def _others() -> int:
    return len(asyncio.all_tasks()) - 1
