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


class Gathering(Generic[T]):
    """Requests that wait while a batch is on its way, and then go together. Whoever does a batch lets its requests know that they are done."""

    def __init__(self, do: Callable[[Sequence[T]], Awaitable[None]]) -> None:
        self._do = do
        self._waiting: list[T] = []
        self._task: asyncio.Task[None] | None = None

    def add(self, one: T) -> None:
        """Have it done with the next batch."""
        self._waiting.append(one)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())

    async def finish(self) -> None:
        """Wait until nothing is waiting."""
        if self._task:
            await self._task

    async def _run(self) -> None:
        while self._waiting:
            await self._gather()
            batch, self._waiting = self._waiting, []
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
