"""Batches of simultaneous requests."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

log = logging.getLogger("tiltyard")
MOST_TOGETHER = 64
"""A batch starts without further waiting once this many requests wait."""


class Asked(Protocol):
    """A request with a waiting caller."""

    def fail(self, error: Exception) -> None:
        """Tell the caller that the request failed."""


T = TypeVar("T", bound=Asked)


class Batcher(Generic[T]):
    """Collects requests while batches run, and sends them together. The function that runs a batch marks its requests as done."""

    def __init__(self, do: Callable[[Sequence[T]], Awaitable[None]], at_once: int = 1) -> None:
        """`at_once` is the number of batches that may run at the same time."""
        self._do = do
        self._at_once = at_once
        self._waiting: list[T] = []
        self._gathers = False
        self._running: set[asyncio.Task[None]] = set()

    def add(self, one: T) -> None:
        """Run the request with the next batch."""
        self._waiting.append(one)
        if not self._gathers and len(self._running) < self._at_once:
            self._gathers = True
            self._running.add(asyncio.create_task(self._run()))

    async def finish(self) -> None:
        """Wait until no request is waiting."""
        while self._running:
            await asyncio.wait(self._running)

    async def _run(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        try:
            while self._waiting:
                self._gathers = True
                await self._gather()
                batch, self._waiting = self._waiting, []
                self._gathers = False
                await self._try(batch)
                if self._gathers:  # another batch takes what came meanwhile
                    break
        finally:
            self._running.discard(task)

    async def _try(self, batch: Sequence[T]) -> None:
        try:
            await self._do(batch)
        except Exception as error:
            log.exception("a batch of %s failed", len(batch))
            for one in batch:
                one.fail(error)

    async def _gather(self) -> None:
        """Wait for requests that are about to arrive: as long as each turn of the event loop adds one."""
        here = 0
        while here < len(self._waiting) < MOST_TOGETHER:
            here = len(self._waiting)
            await asyncio.sleep(0)
