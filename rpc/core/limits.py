"""How many calls an actor may make: a token bucket for each, in this process."""

import math
import time
from collections.abc import Callable, Hashable

from backend.actor import Actor
from backend.errors import TooManyRequests
from rpc.core.context import Request
from rpc.core.options import Rate

KEPT = 10_000
"""So many buckets are kept before the full ones go: a full bucket is as good as none."""


class Limiter:
    """Takes a token for each call."""

    def __init__(self, rate: Rate, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` in seconds."""
        self._rate = rate
        self._clock = clock
        self._buckets: dict[Hashable, tuple[float, float]] = {}
        self._room = KEPT

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
            self._room = max(KEPT, 2 * len(self._buckets))

    def _tokens(self, key: Hashable, now: float) -> float:
        tokens, at = self._buckets.get(key, (self._rate.burst, now))
        return min(self._rate.burst, tokens + (now - at) * self._rate.per_second)
