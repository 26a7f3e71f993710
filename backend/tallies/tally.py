"""A tally: the sketch of some rows of a log, by phase, version, arm and span of time."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from backend.numerics.statistics.sketch import Sketch


class Key(NamedTuple):
    """What is tallied apart. `other_id` is whose place a fallback took, or whose answer a pair is about; `slot` the start, in seconds since 1970."""

    phase: int
    version_id: UUID
    arm: str
    other_id: UUID | None
    slot: int
    seconds: int


@dataclass(frozen=True)
class Tally:
    """A sketch of some rows, or of what changed about them; `first` and `last` are inference ids, absent when no row came with it."""

    key: Key
    sketch: Sketch
    labelled: int
    first: UUID | None = None
    last: UUID | None = None
