"""Hash and check passwords, a few at a time, outside of transactions and of the event loop."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from backend.access.errors import PasswordsBusy
from backend.access.rules import hash_password

T = TypeVar("T")

HASHING_THREADS = 2
"""Threads. A hash takes 64 MiB and one core for a tenth of a second."""
MOST_OF_ONE = 16
"""Concurrent checks for one network address, one person or one tenant."""
MOST_CHECKS = 64
"""Concurrent checks for the whole hub."""

_threads = ThreadPoolExecutor(HASHING_THREADS, "passwords")
_under_way: Counter[str] = Counter()
_total = 0


@contextmanager
def turn(*callers: str) -> Iterator[None]:
    """Hold one running check for each of the callers (`address 192.0.2.1`). Raises PasswordsBusy when one caller, or all together, have too many."""
    global _total
    if _total >= MOST_CHECKS or any(_under_way[caller] >= MOST_OF_ONE for caller in callers):
        raise PasswordsBusy(retryAfter=1)
    _total += 1
    _under_way.update(callers)
    try:
        yield
    finally:
        _total -= 1
        _under_way.subtract(callers)
        for caller in callers:
            if not _under_way[caller]:
                del _under_way[caller]


async def in_thread(work: Callable[[], T]) -> T:
    """Run the function in a password thread, so that no other work waits for it."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def hashed(password: str, *callers: str) -> str:
    """Return a password's hash for storage. Raises PasswordsBusy."""
    with turn(*callers):
        return await in_thread(lambda: hash_password(password))
