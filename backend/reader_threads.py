"""Where files are read: off the event loop, and few at a time, so that what they take of memory is bounded and no tenant waits for another's files."""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import UUID

from backend.errors import TooManyRequests

T = TypeVar("T")


class ImportsBusy(TooManyRequests):
    """Too many imports of this organisation are being read; send it again in a few seconds."""


CALLS_OF_A_TENANT: Final = 3
"""A tenant's calls that are worked on at the same time; one that asks a language model waits for it meanwhile."""
MOST_OF_ONE: Final = 12
"""A tenant's calls that are under way, the waiting ones included. Each may hold a file."""

_READERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="import")


@dataclass
class _Turns:
    """One tenant's calls: how many there are, which are worked on, the one that a thread reads for, and the one that has a process of its own."""

    under_way: int = 0
    working: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(CALLS_OF_A_TENANT))
    reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    large: asyncio.Lock = field(default_factory=asyncio.Lock)


_tenants: Final[dict[UUID | None, _Turns]] = {}
_own: Final[ContextVar[_Turns | None]] = ContextVar("turns", default=None)


@asynccontextmanager
async def turn(tenant_id: UUID | None) -> AsyncIterator[None]:
    """A tenant's call, once it is its turn: enter before a connection is taken. Raises ImportsBusy when too many wait."""
    turns = _tenants.setdefault(tenant_id, _Turns())
    if turns.under_way >= MOST_OF_ONE:
        raise ImportsBusy(f"{turns.under_way} imports of your organisation are being read; send this one again in a few seconds.", retryAfter=2)
    turns.under_way += 1
    before = _own.set(turns)
    try:
        async with turns.working:
            yield
    finally:
        _own.reset(before)
        turns.under_way -= 1
        if not turns.under_way:
            del _tenants[tenant_id]


async def aside(call: Callable[..., T], *arguments: Any) -> T:
    """What the call gives; it waits for a thread. One tenant takes one thread at a time, so that the other is free for another's file."""
    turns = _own.get()
    async with turns.reading if turns is not None else nullcontext():
        return await asyncio.get_running_loop().run_in_executor(_READERS, lambda: call(*arguments))


@asynccontextmanager
async def one_process() -> AsyncIterator[None]:
    """Room for a process that reads a large file: a tenant has one at a time."""
    turns = _own.get()
    async with turns.large if turns is not None else nullcontext():
        yield
