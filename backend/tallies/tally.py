"""A tally: the sketch of some log rows, by phase, version, arm and time span."""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from backend.numerics.statistics.sketch import Sketch


class Key(NamedTuple):
    """The key of a tally. `other_id` is the version that a fallback replaced, or the answering version of a pair. `slot` is the start, in seconds since
    1970.
    """

    phase: int
    version_id: UUID
    arm: str
    other_id: UUID | None
    slot: int
    seconds: int


@dataclass(frozen=True)
class Tally:
    """A sketch of some rows, or of their changes. `first` and `last` are inference ids, absent when no row came with it."""

    key: Key
    sketch: Sketch
    labelled: int
    first: UUID | None = None
    last: UUID | None = None
