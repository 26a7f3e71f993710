"""The procedures of the conformance server; tests/node/oracle-server.mjs has the same on the official one."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from backend.access.permissions import P
from rpc.core import Ctx, FormData, Router, Tracked
from schemas.common import Json, Page
from tests.support.wire.shapes import (
    CreateUser,
    Duplicate,
    Flaky,
    Got,
    Hello,
    Large,
    Maybe,
    Paging,
    Refused,
    Slow,
    SubscriptionRefused,
    Text,
    Tick,
    Ticked,
    Uploaded,
    User,
    When,
)

Context = Ctx[Any, Any]


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
async def pages(ctx: Context, input: Paging) -> Page[int]:
    """The numbers below 5, page by page."""
    start = int(input.cursor or 0)
    end = min(start + input.size, 5)
    return Page(items=list(range(start, end)), next_cursor=str(end) if end < 5 else None)


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
