"""Readings that are not torn: their reader may leave at any moment, their connection must come back to the pool whole."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")
FINISH_SECONDS = 5.0


async def undisturbed(reading: Coroutine[Any, Any, T]) -> T:
    """What a short reading gives. A cancellation takes effect when the reading is over.

    A query that is cut off costs its connection, and with it a new one for somebody else: too dear for clients that come and go.
    """
    task = asyncio.ensure_future(reading)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        done, _ = await asyncio.wait({task}, timeout=FINISH_SECONDS)
        if not done:
            task.cancel()
        elif not task.cancelled():
            task.exception()  # nobody is left to hear of it
        raise
