"""Kinds of live events, as slices declare them in their `events.py`."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class EventKind(Generic[T]):
    """One kind of live event: its name, its payload type (`NoneType` for none), and a description of subject and payload."""

    name: str
    payload: type[T]
    words: str
