"""Passwords hashed and checked outside of transactions and beside the event loop, a few at a time."""

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
"""Threads. Each takes 64 MiB and a core for the tenth of a second that a hash takes."""
MOST_OF_ONE = 16
"""Checks that one network address, one person or one tenant may have under way."""
MOST_CHECKS = 64
"""Checks that may be under way in all."""

_threads = ThreadPoolExecutor(HASHING_THREADS, "passwords")
_under_way: Counter[str] = Counter()
_total = 0


@contextmanager
def turn(*callers: str) -> Iterator[None]:
    """One check under way for all of the callers (`address 192.0.2.1`). Raises PasswordsBusy when one of them has too many, or all together have."""
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
    """Done by one of the threads for passwords, so that no other work waits behind it."""
    return await asyncio.get_running_loop().run_in_executor(_threads, work)


async def hashed(password: str, *callers: str) -> str:
    """The hash to keep of a password. Raises PasswordsBusy."""
    with turn(*callers):
        return await in_thread(lambda: hash_password(password))
