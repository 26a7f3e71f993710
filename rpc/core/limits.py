"""A limit on an actor's calls: one token bucket each, in this process."""

import math
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager

from backend.actor import Actor
from backend.errors import TooManyRequests
from rpc.core.context import Request
from rpc.core.options import Rate

MOST_BUCKETS = 10_000
"""Number of buckets to keep before full ones are removed: a full bucket holds no information."""


class Limiter:
    """Takes a token for each call."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._rate = rate
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._room = MOST_BUCKETS

    def spend(self, actor: Actor, request: Request) -> None:
        """Take a token of the actor's. Raises TooManyRequests, with `retryAfter` in whole seconds, when there is none."""
        key = actor.token_id or actor.person_id or request.client
        now = self._clock()
        tokens = self._tokens(key, now)
        if tokens < 1:
            wait = math.ceil((1 - tokens) / self._rate.per_second)
            raise TooManyRequests(f"Too many calls; wait {wait} s and try again.", retryAfter=wait)
        self._buckets[key] = (tokens - 1, now)
        if len(self._buckets) > self._room:
            self._buckets = {k: bucket for k, bucket in self._buckets.items() if self._tokens(k, now) < self._rate.burst}
            self._room = max(MOST_BUCKETS, 2 * len(self._buckets))

    def _tokens(self, key: Hashable, now: float) -> float:
        tokens, at = self._buckets.get(key, (self._rate.burst, now))
        return min(self._rate.burst, tokens + (now - at) * self._rate.per_second)


class Openings:
    """Counts of open streams and WebSockets by caller and network address, in this process."""

    def __init__(self, per_caller: int, per_address: int) -> None:
        self._per_caller = per_caller
        self._per_address = per_address
        self._open: Counter[Hashable] = Counter()

    @contextmanager
    def of_address(self, request: Request) -> Iterator[None]:
        """Count one more for the request's network address. Raises TooManyRequests."""
        with self._one(("address", request.client), self._per_address, "network address"):
            yield

    @contextmanager
    def of_caller(self, actor: Actor) -> Iterator[None]:
        """Count one more for a known caller. Raises TooManyRequests."""
        key = actor.token_id or actor.person_id
        if key is None:
            yield
            return
        with self._one(key, self._per_caller, "token or person"):
            yield

    @contextmanager
    def _one(self, key: Hashable, most: int, whose: str) -> Iterator[None]:
        if self._open[key] >= most:
            raise TooManyRequests(f"This {whose} already has {most} open streams and WebSockets, the limit. Close one first.", retryAfter=10)
        self._open[key] += 1
        try:
            yield
        finally:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]
