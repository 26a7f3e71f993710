"""A circuit breaker: after repeated failures, a service gets no calls for a while (Nygard 2007, "Release It!")."""

import time
from collections.abc import Callable

FAILURES = 5
OPEN_SECONDS = 30.0


class Breaker:
    """Closed during success; open for a while after failures in a row; then one trial decides.

    >>> now = [0.0]
    >>> breaker = Breaker(failures=2, rest=30, clock=lambda: now[0])
    >>> breaker.failed(), breaker.failed(), breaker.closed()
    (None, None, False)
    >>> now[0] = 31; breaker.closed(), breaker.closed()
    (True, False)
    >>> breaker.succeeded(); breaker.closed()
    True
    """

    def __init__(self, failures: int = FAILURES, rest: float = OPEN_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._failures, self._rest, self._clock = failures, rest, clock
        self._in_a_row = 0
        self._open_until = 0.0

    def closed(self) -> bool:
        """Return whether a call is allowed now. After the rest, only the first caller may try; the others wait for the result."""
        if self._in_a_row < self._failures:
            return True
        if self._clock() < self._open_until:
            return False
        self._open_until = self._clock() + self._rest
        return True

    def failed(self) -> None:
        """Record a failure."""
        self._in_a_row += 1
        if self._in_a_row >= self._failures:
            self._open_until = self._clock() + self._rest

    def succeeded(self) -> None:
        """Record a success."""
        self._in_a_row = 0
