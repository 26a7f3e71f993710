"""What many ask for at the same time, done together."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Protocol, TypeVar

log = logging.getLogger("tiltyard")
MOST_TOGETHER = 64
"""So many go at once, whoever else is on the way."""


class Asked(Protocol):
    """A request that somebody waits for."""

    def fail(self, error: Exception) -> None:
        """Let who waits know that it was not done."""


T = TypeVar("T", bound=Asked)


class Batcher(Generic[T]):
    """Requests that wait while batches are on their way, and then go together. Whoever does a batch lets its requests know that they are done."""

    def __init__(self, do: Callable[[Sequence[T]], Awaitable[None]], at_once: int = 1) -> None:
        """`at_once`: so many batches may be on their way."""
        self._do = do
        self._at_once = at_once
        self._waiting: list[T] = []
        self._gathers = False
        self._running: set[asyncio.Task[None]] = set()

    def add(self, one: T) -> None:
        """Have it done with the next batch."""
        self._waiting.append(one)
        if not self._gathers and len(self._running) < self._at_once:
            self._gathers = True
            self._running.add(asyncio.create_task(self._run()))

    async def finish(self) -> None:
        """Wait until nothing is waiting."""
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
                if self._gathers:  # another does what came meanwhile
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
        """Let those come along who are on their way: for as long as each turn of the event loop brings another."""
        here = 0
        while here < len(self._waiting) < MOST_TOGETHER:
            here = len(self._waiting)
            await asyncio.sleep(0)
