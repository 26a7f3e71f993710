"""Kinds of live events, as slices declare them in their `events.py`."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class EventKind(Generic[T]):
    """One kind of live event: its name, the type of its payload (`NoneType`: it carries none), and what its subject and payload are."""

    name: str
    payload: type[T]
    words: str
