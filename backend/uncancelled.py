"""Reads that survive a cancellation, so that their connection returns to the pool intact."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
FINISH_SECONDS = 5.0


async def undisturbed(reading: Coroutine[Any, Any, T]) -> T:
    """Return the result of a short read. A cancellation takes effect after the read.

    An interrupted query costs its connection, and a new one for somebody else: too expensive for clients that come and go.
    """
    task = asyncio.ensure_future(reading)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        done, _ = await asyncio.wait({task}, timeout=FINISH_SECONDS)
        if not done:
            task.cancel()
        elif not task.cancelled():
            task.exception()  # nobody is left to get the error
        raise
