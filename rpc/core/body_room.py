"""How many bytes of large bodies this process holds at once, in all and for one organisation: many at the limit would take the memory of everybody."""

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from backend.errors import TooManyRequests

SMALL_BYTES: Final = 256 * 1024
"""Up to this size a body counts for nothing."""
MOST_BYTES: Final = 96 * 1024 * 1024
MOST_OF_ONE: Final = 64 * 1024 * 1024
"""Of one organisation; callers who are not known yet count as one."""


class BodiesBusy(TooManyRequests):
    """The hub holds as many large bodies as it may. Send this one again in a few seconds."""


class BodyRoom:
    """The room of one process."""

    def __init__(self, most: int = MOST_BYTES, most_of_one: int = MOST_OF_ONE) -> None:
        self._most, self._most_of_one = most, most_of_one
        self._held: Counter[Hashable] = Counter()

    @contextmanager
    def lease(self, owner: Callable[[], Hashable]) -> Iterator[Callable[[int], None]]:
        """Room for one body until its request is over: call what this gives with the bytes that are there. It raises BodiesBusy where there is no room."""
        kept: tuple[Hashable, int] | None = None

        def give_back() -> None:
            if kept is not None:
                self._held[kept[0]] -= kept[1]
                if not self._held[kept[0]]:
                    del self._held[kept[0]]

        def hold(size: int) -> None:
            nonlocal kept
            if size <= SMALL_BYTES:
                return
            give_back()
            kept = None
            key = owner()
            others, total = self._held[key], self._held.total()
            if total and (total + size > self._most or (others and others + size > self._most_of_one)):
                raise BodiesBusy(retryAfter=2)
            kept = (key, size)
            self._held[key] += size

        try:
            yield hold
        finally:
            give_back()


room: Final = BodyRoom()
"""The room of this process."""
