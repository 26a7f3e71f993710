"""Counts of rows by decision, and of their good and bad outcomes, by cluster of buckets. Counts are whole numbers, so they can be added and subtracted like the
rest of a sketch.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np

from backend.numerics.statistics.binning import Ints
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Floats

ASKED, GOOD, BAD = range(3)


@dataclass(frozen=True)
class Decided:
    """The counts [3, CLUSTERS] of each decision: rows, good outcomes, bad outcomes. A decision without rows is left out."""

    counts: Mapping[str, Ints] = field(default_factory=dict)

    @classmethod
    def of(cls, decisions: Sequence[str | None], buckets: Ints, actuals: Floats, asked: int = 1) -> Self:
        """Return the counts of rows: decision (None: none), bucket and outcome [n] (NaN: unknown). With `asked` 0, only outcomes count, because the rows are
        counted already.

        >>> found = Decided.of(["approve", "approve", None], np.array([0, 1, 2]), np.array([1.0, np.nan, 0.0]))
        >>> {name: counts.sum(axis=1).tolist() for name, counts in found.counts.items()}
        {'approve': [2, 0, 1]}
        """
        names = np.asarray(decisions, dtype=object)
        found = {}
        for name in sorted({one for one in decisions if one is not None}):
            mine = names == name
            at, truth = buckets[mine] % CLUSTERS, actuals[mine]
            rows = (np.full(len(at), asked), truth == 0, truth == 1)
            found[name] = np.array([np.bincount(at, weights=column, minlength=CLUSTERS) for column in rows], dtype=np.int64)
        return cls.merged([cls(found)])

    @classmethod
    def merged(cls, parts: Iterable[Self]) -> Self:
        """Return the sum of several."""
        found: dict[str, Ints] = {}
        for part in parts:
            for name, counts in part.counts.items():
                found[name] = found[name] + counts if name in found else counts
        return cls({name: counts for name, counts in sorted(found.items()) if counts.any()})

    @property
    def negative(self) -> "Decided":
        """Return the counts with their signs changed, for subtraction."""
        return Decided({name: -counts for name, counts in self.counts.items()})

    def encode(self) -> dict[str, bytes]:
        """Return each decision's counts as bytes: the clusters with any count, then the counts, as little-endian int64.

        >>> one = Decided.of(["approve"], np.array([130]), np.array([1.0]))
        >>> Decided.decode(one.encode()) == one
        True
        """
        return {name: _bytes(counts) for name, counts in self.counts.items()}

    @classmethod
    def decode(cls, raw: Mapping[str, bytes]) -> Self:
        """Return the counts from bytes."""
        return cls({name: _counts(one) for name, one in raw.items()})

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decided) or self.counts.keys() != other.counts.keys():
            return False
        return all(np.array_equal(counts, other.counts[name]) for name, counts in self.counts.items())

    __hash__ = None  # type: ignore[assignment]  # arrays have none


def _bytes(counts: Ints) -> bytes:
    there = np.flatnonzero(counts.any(axis=0))
    return bytes([len(there)]) + there.astype(np.uint8).tobytes() + counts[:, there].astype("<i8").tobytes()


def _counts(raw: bytes) -> Ints:
    counts = np.zeros((3, CLUSTERS), dtype=np.int64)
    size = raw[0]
    counts[:, np.frombuffer(raw, np.uint8, size, 1)] = np.frombuffer(raw, "<i8", offset=1 + size).reshape(3, size)
    return counts
