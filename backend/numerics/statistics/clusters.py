"""Clusters of rows that are not independent. The same applicant always falls into the same bucket, so rows of a bucket are not independent of each other.

Each bucket belongs to one of `CLUSTERS` clusters. Similar rows of one entity make the clusters' sums differ by more than chance would. Cluster-robust variance:
Liang & Zeger 1986, "Longitudinal data analysis using generalized linear models".
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.numerics.statistics.estimate import Floats

CLUSTERS: Final = 128
"""This number of clusters gives a variance to within an eighth; half of them would give it to within a sixth."""
CLUSTER_SUMS: Final = ("asked", "labelled", "squared", "log", "wrong", "absolute")
"""The sums by cluster: requests, those with a known truth, and the losses of these."""
_UNIT = 2.0**30


@dataclass(frozen=True)
class Clusters:
    """Sums by cluster [KEPT, CLUSTERS]. Each value is rounded to 2^-30, so sums below 2^23 do not depend on the order of adding."""

    sums: Floats

    @classmethod
    def of(cls, buckets: ArrayLike, **values: Floats | float) -> "Clusters":
        """Return the sums of rows in these buckets [n]; `values` have the names in KEPT, each [n] or one number for all rows.

        >>> Clusters.of([0, 1, 128], asked=1.0).row("asked")[:3].tolist()
        [2.0, 1.0, 0.0]
        """
        at = np.asarray(buckets, dtype=np.int64) % CLUSTERS
        sums = np.zeros((len(CLUSTER_SUMS), CLUSTERS))
        for name, value in values.items():
            rounded = np.rint(np.broadcast_to(value, at.shape) * _UNIT) / _UNIT
            sums[CLUSTER_SUMS.index(name)] = np.bincount(at, weights=rounded, minlength=CLUSTERS)
        return cls(sums)

    @classmethod
    def merged(cls, parts: Iterable[Self | None]) -> "Clusters | None":
        """Return the sum of several; None for an empty list."""
        there = [part.sums for part in parts if part is not None]
        return cls(np.sum(there, axis=0)) if there else None

    def plus(self, other: "Clusters") -> "Clusters":
        """Return both together."""
        return Clusters(self.sums + other.sums)

    def minus(self, other: "Clusters") -> "Clusters":
        """Return this less the other."""
        return Clusters(self.sums - other.sums)

    def row(self, name: str) -> Floats:
        """Return one of the sums by cluster [CLUSTERS]."""
        return np.asarray(self.sums[CLUSTER_SUMS.index(name)])

    def encode(self) -> bytes:
        """Return the sums as bytes: the clusters with any sum, then their sums, little-endian.

        >>> one = Clusters.of([3, 3, 77], asked=1.0)
        >>> Clusters.decode(one.encode()) == one
        True
        """
        there = np.flatnonzero(self.sums.any(axis=0))
        return bytes([len(there)]) + there.astype(np.uint8).tobytes() + self.sums[:, there].astype("<f8").tobytes()

    @classmethod
    def decode(cls, raw: bytes) -> "Clusters":
        """Return the sums from bytes."""
        sums = np.zeros((len(CLUSTER_SUMS), CLUSTERS))
        count = raw[0]
        sums[:, np.frombuffer(raw, np.uint8, count, 1)] = np.frombuffer(raw, "<f8", offset=1 + count).reshape(len(CLUSTER_SUMS), count)
        return cls(sums)

    def __eq__(self, other: object) -> bool:
        if other is None:  # everything that was added was taken away again
            return bool(np.abs(self.sums).max() < 1e-6)
        return isinstance(other, Clusters) and np.allclose(self.sums, other.sums, rtol=1e-9, atol=1e-6)

    __hash__ = None  # type: ignore[assignment]  # arrays have none


def robust_variance(residuals: Floats) -> float:
    """Return the variance of an estimate. Its error is the sum of these residuals, one per cluster [CLUSTERS].

    >>> robust_variance(np.array([1.0, -1.0, 0.0]))
    4.0
    """
    there = int(np.count_nonzero(residuals))
    return float((residuals**2).sum()) * there / (there - 1) if there > 1 else 0.0


def effective(counts: Floats) -> float:
    """Return the effective number of clusters of rows [CLUSTERS] (Kish 1965).

    >>> effective(np.array([5.0, 5.0, 0.0])), effective(np.zeros(3))
    (2.0, 0.0)
    """
    return float(counts.sum() ** 2 / (counts**2).sum()) if counts.any() else 0.0


def spread(counts: Sequence[Floats], buckets: Sequence[NDArray[np.int64]]) -> float:
    """Return the variance of counts over that of independent requests, at least 1; from each version's requests [CLUSTERS] and its buckets [b]. This is
    Pearson's dispersion of the counts by cluster, given the number of a version's buckets in each cluster.

    >>> spread([np.full(CLUSTERS, 10.0)], [np.arange(1_280)])
    1.0
    """
    statistic = degrees = 0.0
    for seen, mine in zip(counts, buckets, strict=True):
        often = np.bincount(mine % CLUSTERS, minlength=CLUSTERS)
        there = often > 0
        if seen[there].sum() == 0:
            continue
        expected = seen[there].sum() * often[there] / often[there].sum()
        statistic += float(((seen[there] - expected) ** 2 / expected).sum())
        degrees += there.sum() - 1
    return max(1.0, statistic / degrees) if degrees else 1.0
