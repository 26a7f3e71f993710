"""Where files are read: off the event loop, and few at a time, so that what they take of memory is bounded."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

T = TypeVar("T")

_READERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="import")


async def aside(call: Callable[..., T], *arguments: Any) -> T:
    """What the call gives; it waits for its turn."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, lambda: call(*arguments))
