"""A server for conformance runs by any tRPC client: `python -m tests.support.wire_app --port N`.

It serves on 127.0.0.1 at `/rpc`, with the product's own core and a host that has no database.
"""

import argparse
import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Annotated, Any

import msgspec
import uvloop
from granian.constants import Interfaces
from granian.server.embed import Server

from backend.access.actor import ANONYMOUS, Actor
from backend.access.permissions import P
from backend.errors import HubError
from rpc.core import Ctx, FormData, Request, Router, Tracked
from rpc.core.http import Options, RpcApp
from schemas.common import Json, Shape
from schemas.errors import ErrorCode

Context = Ctx[Any, Any]


class Duplicate(HubError):
    """dup"""

    code = ErrorCode.CONFLICT
    reason = "duplicate"


class Flaky(HubError):
    """flaky"""

    code = ErrorCode.SERVICE_UNAVAILABLE


class Refused(HubError):
    """no"""

    code = ErrorCode.FORBIDDEN
    reason = "x"


class SubscriptionRefused(HubError):
    """sub no"""

    code = ErrorCode.FORBIDDEN
    reason = "r"


class Hello(Shape, frozen=True, kw_only=True):
    """Whom to greet."""

    name: Annotated[str, msgspec.Meta(min_length=1)]


class Text(Shape, frozen=True, kw_only=True):
    """A greeting."""

    text: str


class Maybe(Shape, frozen=True, kw_only=True):
    """A name, perhaps."""

    name: str


class Got(Shape, frozen=True, kw_only=True):
    """What was got."""

    got: str


class When(Shape, frozen=True, kw_only=True):
    """A moment."""

    at: datetime


class Slow(Shape, frozen=True, kw_only=True):
    """How long to take, in milliseconds."""

    ms: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class Large(Shape, frozen=True, kw_only=True):
    """How many characters."""

    characters: Annotated[int, msgspec.Meta(ge=0, le=4_000_000)]


class User(Shape, frozen=True, kw_only=True):
    """A user."""

    id: str
    name: str
    role: str


class CreateUser(Shape, frozen=True, kw_only=True):
    """A new user."""

    name: str
    role: str = "user"


class Uploaded(Shape, frozen=True, kw_only=True):
    """What arrived in a form."""

    name: str
    size: int
    type: str
    filename: str


class Tick(Shape, frozen=True, kw_only=True):
    """How many ticks; `failAt` is where the first connection breaks."""

    n: int
    fail_at: int | None = msgspec.field(default=None, name="failAt")
    last_event_id: str | None = msgspec.field(default=None, name="lastEventId")


class Ticked(Shape, frozen=True, kw_only=True):
    """One tick."""

    i: int


root = Router()
user = Router("user")
records: list[Json] = []


@root.query(permission=P.ANYONE)
async def ping(ctx: Context) -> str:
    """Is anyone there?"""
    return "pong"


@root.query(permission=P.ANYONE)
async def hello(ctx: Context, input: Hello) -> Text:
    """Greets."""
    return Text(text=f"hi {input.name}")


@root.query(permission=P.ANYONE)
async def maybe(ctx: Context, input: Maybe | None) -> Got:
    """Takes an input or none."""
    return Got(got=input.name if input else "null")


@root.query(permission=P.ANYONE)
async def nothing(ctx: Context) -> None:
    """Answers null."""


@root.query(permission=P.ANYONE)
async def when(ctx: Context) -> When:
    """The beginning of time."""
    return When(at=datetime.fromtimestamp(0, UTC))


@root.query(permission=P.ANYONE, errors=(Duplicate,))
async def fail(ctx: Context) -> str:
    """Fails as declared."""
    raise Duplicate(retryAfter=3)


@root.query(permission=P.ANYONE)
async def boom(ctx: Context) -> str:
    """Fails as nobody foresaw."""
    raise ValueError("kaboom")


@root.query(permission=P.ANYONE)
async def slow(ctx: Context, input: Slow) -> int:
    """Takes its time."""
    try:
        await asyncio.sleep(input.ms / 1000)
    except asyncio.CancelledError:
        records.append(["cancelled", "slow"])
        raise
    return input.ms


@root.query(permission=P.ANYONE)
async def large(ctx: Context, input: Large) -> str:
    """A text that is longer in bytes than in characters."""
    return "🏇é" * (input.characters // 2)


@root.query(permission=P.ANYONE)
async def gen(ctx: Context) -> AsyncIterator[int]:
    """Streams 1 and 2."""
    yield 1
    yield 2


@root.query(permission=P.ANYONE, errors=(Refused,))
async def gen_err(ctx: Context) -> AsyncIterator[int]:
    """Streams 1, then fails."""
    yield 1
    raise Refused


@root.query(permission=P.ANYONE)
async def gen_inf(ctx: Context) -> AsyncIterator[int]:
    """Counts until closed."""
    i = 0
    try:
        while True:
            yield i
            i += 1
            await asyncio.sleep(0.01)
    finally:
        records.append(["gen-closed", i])


@root.query(permission=P.ANYONE)
async def log(ctx: Context) -> list[Json]:
    """All records."""
    return records


@root.mutation(permission=P.ANYONE, audited=False)
async def upload(ctx: Context, input: FormData) -> Uploaded:
    """Takes a form."""
    file = input.file("file")
    return Uploaded(name=input.text("name"), size=len(file.content), type=file.content_type, filename=file.filename)


@root.mutation(permission=P.ANYONE, audited=False)
async def octets(ctx: Context, input: bytes) -> int:
    """Counts bytes."""
    return len(input)


@root.subscription(permission=P.ANYONE, errors=(Flaky,))
async def tick(ctx: Context, input: Tick) -> AsyncIterator[Tracked[Ticked]]:
    """Ticks every 10 ms from after the last event."""
    i = int(input.last_event_id) + 1 if input.last_event_id else 0
    records.append(["tick-start", i])
    try:
        for at in range(i, input.n):
            i = at
            if at == input.fail_at and not input.last_event_id:
                raise Flaky
            yield Tracked(str(at), Ticked(i=at))
            await asyncio.sleep(0.01)
    finally:
        records.append(["tick-closed", i])


@root.subscription(permission=P.ANYONE)
async def mixed(ctx: Context) -> AsyncIterator[Tracked[str] | str]:
    """Tracked and untracked items."""
    yield Tracked("1", "a")
    yield "b"
    yield Tracked("2", "c")


@root.subscription(permission=P.ANYONE, errors=(SubscriptionRefused,))
async def sub_err(ctx: Context) -> AsyncIterator[int]:
    """Streams 1, then fails for good."""
    yield 1
    raise SubscriptionRefused


@root.subscription(permission=P.ANYONE)
async def quiet(ctx: Context) -> AsyncIterator[int]:
    """Says nothing for a while."""
    await asyncio.sleep(0.6)
    yield 1


@root.subscription(permission=P.ANYONE)
async def whoami(ctx: Context) -> AsyncIterator[str]:
    """The token of the connection's parameters."""
    yield (ctx.request.connection_params or {}).get("token", "?")


@user.query(permission=P.ANYONE)
async def by_id(ctx: Context, input: str) -> User:
    """A user."""
    return User(id=input, name=f"u{input}", role="user")


@user.mutation(permission=P.ANYONE, audited=False)
async def create(ctx: Context, input: CreateUser) -> User:
    """A new user."""
    return User(id="1", name=input.name, role=input.role)


@user.mutation(permission=P.ANYONE, audited=False)
async def reset(ctx: Context) -> bool:
    """Takes no input."""
    return True


root.include(user)


class BareHost:
    """A host without a database: everybody is anonymous, and work is nothing."""

    hub = None

    async def authenticate(self, request: Request) -> Actor:
        """Nobody in particular."""
        return ANONYMOUS

    @asynccontextmanager
    async def work(self, actor: Actor, *, read_only: bool) -> AsyncIterator[Any]:
        """No transaction, nothing to audit."""
        yield SimpleNamespace(audited=0)


async def serve(port: int, options: Options) -> None:
    """Serve until SIGTERM."""
    app = RpcApp(root, BareHost(), options)
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGINL, log_enabled=False)

    def stop() -> None:
        app.closing.set()
        server.stop()

    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop)
    await server.serve()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method-override", action="store_true", help="let queries be sent by POST")
    parser.add_argument("--max-duration", type=float, help="end a subscription's connection after so many seconds")
    given = parser.parse_args()
    options = Options(
        max_batch=10, method_override=given.method_override, max_duration=given.max_duration, ping_interval=0.2, reconnect_after_inactivity_ms=2000
    )
    uvloop.run(serve(given.port, options))


if __name__ == "__main__":
    main()
