"""The procedures of tests/node/bench-server.mjs on Tiltyard's own pipeline, without its database: `python -m benchmarks.rpc_server PORT`."""

import asyncio
import hashlib
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any
from uuid import uuid4

import msgspec
import uvloop

from backend.access.permissions import P
from backend.actor import ANONYMOUS, Actor
from rpc.core import Ctx, Request, Router
from rpc.core.http import RpcApp
from rpc.host import bearer
from rpc.server import Server
from schemas.common import Shape

Slug = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]


class Range(Shape, frozen=True, kw_only=True):
    """Points."""

    start: int
    end: int


class Member(Shape, frozen=True, kw_only=True):
    """A version in a group."""

    version: str
    share: Annotated[float, msgspec.Meta(ge=0, le=1)]
    ranges: list[Range]


class Get(Shape, frozen=True, kw_only=True):
    """Which group."""

    group: Slug
    limit: Annotated[int, msgspec.Meta(ge=1, le=100)] = 20


class SetSplit(Shape, frozen=True, kw_only=True):
    """A group's new members."""

    group: Slug
    members: Annotated[list[Member], msgspec.Meta(min_length=1, max_length=50)]


class Group(Shape, frozen=True, kw_only=True):
    """A group."""

    slug: str
    name: str
    phase: int
    members: list[Member]


groups = Router("groups")
MEMBERS = [Member(version=f"1.{i}.0", share=0.25, ranges=[Range(start=i * 100, end=i * 100 + 99)]) for i in range(3)]


@groups.query(permission=P.GROUP_GROUP_READ)
async def get(ctx: Ctx[Any, Any], input: Get) -> Group:
    """A group."""
    return Group(slug=input.group, name="Credit scoring", phase=input.limit, members=MEMBERS)


@groups.mutation(permission=P.GROUP_GROUP_PROMOTE)
async def set_split(ctx: Ctx[Any, Any], input: SetSplit) -> Group:
    """A group's split."""
    ctx.work.audited += 1
    return Group(slug=input.group, name="Credit scoring", phase=2, members=input.members)


class BenchWork:
    """A unit of work without a database: it counts audit entries and commits nothing."""

    def __init__(self) -> None:
        self.audited = 0

    def amended(self, answer: Any) -> Any:
        """Return the answer: without a commit there is nothing to add."""
        return answer


class BenchHost:
    """Knows one token by its hash; its units of work have no transaction."""

    hub = None

    def __init__(self) -> None:
        actor = Actor(kind="token", name="bench", token_id=uuid4(), permissions=frozenset({P.GROUP_GROUP_READ, P.GROUP_GROUP_PROMOTE}))
        self._actors = {hashlib.sha256(b"tyd_bench").digest(): actor}

    async def authenticate(self, request: Request) -> Actor:
        """Return the holder of the token."""
        token = bearer(request)
        return self._actors[hashlib.sha256(token.encode()).digest()] if token else ANONYMOUS

    @asynccontextmanager
    async def work(self, actor: Actor, *, read_only: bool) -> AsyncIterator[Any]:
        """A unit of work."""
        yield BenchWork()


async def main(port: int) -> None:
    """Serve until SIGTERM."""
    app = RpcApp(Router("", groups), BenchHost())
    server = Server(app, port=port)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, server.stop)
    await server.serve()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))
