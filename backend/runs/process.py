"""Objects that a worker process keeps between runs and ticks."""

from collections.abc import Callable
from typing import TypeVar, cast

T = TypeVar("T")


class Process:
    """One object per type, created at first use: a cache, loaded models, the last seen state."""

    def __init__(self) -> None:
        self._kept: dict[type, object] = {}

    def one(self, kind: type[T], make: Callable[[], T]) -> T:
        """The process's object of this type."""
        if kind not in self._kept:
            self._kept[kind] = make()
        return cast("T", self._kept[kind])
