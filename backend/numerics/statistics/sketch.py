"""A summary of many predictions: counts in fixed bins and exact sums, which can be added and subtracted.

Every sum is an integer, in units of 2^-30. So the order of additions does not matter, subtraction is exact, and two sketches of the same rows agree to the last
bit. The error of a mean is at most 2^-31 (5e-10).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self

import msgspec
import numpy as np
from numpy.typing import NDArray

from backend.numerics.statistics.binning import Ints, octave_bins, score_bins
from backend.numerics.statistics.clusters import Clusters
from backend.numerics.statistics.decided import Decided
from backend.numerics.statistics.estimate import Floats

UNIT = 2**30
LARGEST = 1e60
"""A larger error counts as this one: its fourth power is still a finite number."""
DENSE = 2**19
LABELS = 4
UNKNOWN, NEGATIVE, POSITIVE, OTHER = range(LABELS)
"""The known truth of a counted score: none, 0, 1, or another number."""
SUMS = ("score", "actual", "error", "absolute", "squared", "fourth", "log", "log_squared")
"""`score` is over all scores. The rest is over those with a known truth: truth, score - truth and its powers, log loss (for 0 and 1 only) and its square."""
PAIRED = tuple(f"{loss}{power}" for loss in ("squared", "log", "wrong", "absolute") for power in ("", "_squared"))
"""Sums over pairs: differences of losses, first minus second, and their squares."""


class StoredSketch(msgspec.Struct, frozen=True, array_like=True):
    """A sketch as bytes hold it: keys ascending as int32, counts as int64, both little-endian; sums as signed little-endian integers of any length."""

    rows: int
    failed: int
    score_keys: bytes
    score_counts: bytes
    time_keys: bytes
    time_counts: bytes
    sums: dict[str, bytes]
    clusters: bytes | None = None
    decided: dict[str, bytes] = {}


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StoredSketch)


@dataclass(frozen=True)
class Counts:
    """The count of each key; ascending keys, no zero counts."""

    keys: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    counts: Ints = field(default_factory=lambda: np.empty(0, dtype=np.int64))

    @classmethod
    def of(cls, keys: Ints, counts: Ints | None = None) -> "Counts":
        """Count keys, each once or by its count (which may be negative)."""
        if len(keys) == 0:
            return cls()
        low = int(keys.min())
        if int(keys.max()) - low < DENSE:  # faster than sorting; a sum of counts below 2^53 is exact as a float
            dense = np.bincount(keys - low, weights=counts)
            found = np.flatnonzero(dense)
            return cls(found + low, dense[found].astype(np.int64))
        found, at = np.unique(keys, return_inverse=True)
        sums = np.zeros(len(found), dtype=np.int64)
        np.add.at(sums, at, np.ones(len(keys), dtype=np.int64) if counts is None else counts)
        return cls(found[sums != 0], sums[sums != 0])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Counts) and np.array_equal(self.keys, other.keys) and np.array_equal(self.counts, other.counts)

    __hash__ = None  # type: ignore[assignment]  # arrays have none


@dataclass(frozen=True)
class Sketch:
    """Counts and sums of some rows. `scores` are keyed by bin · LABELS + the known outcome, `times` by their octave bin.

    `clusters`: losses by cluster of buckets, None without buckets. `decided`: rows and outcomes by decision [3, CLUSTERS].
    """

    rows: int = 0
    failed: int = 0
    scores: Counts = field(default_factory=Counts)
    times: Counts = field(default_factory=Counts)
    sums: dict[str, int] = field(default_factory=dict)
    clusters: Clusters | None = None
    decided: Decided = field(default_factory=Decided)

    @classmethod
    def merged(cls, parts: Iterable[Self]) -> "Sketch":
        """Return all of them together."""
        them = list(parts)
        if len(them) == 1:
            return them[0]
        sums: dict[str, int] = {}
        for part in them:
            for name, value in part.sums.items():
                sums[name] = sums.get(name, 0) + value
        return cls(
            sum(part.rows for part in them),
            sum(part.failed for part in them),
            _together([part.scores for part in them]),
            _together([part.times for part in them]),
            {name: value for name, value in sums.items() if value},
            Clusters.merged(part.clusters for part in them),
            Decided.merged(part.decided for part in them),
        )

    def encode(self) -> bytes:
        """Return the sketch as bytes."""
        sums = {name: value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True) for name, value in sorted(self.sums.items())}
        parts = (_bytes(self.scores.keys, "<i4"), _bytes(self.scores.counts, "<i8"), _bytes(self.times.keys, "<i4"), _bytes(self.times.counts, "<i8"))
        return _encoder.encode(
            StoredSketch(self.rows, self.failed, *parts, sums, None if self.clusters is None else self.clusters.encode(), self.decided.encode())
        )

    @classmethod
    def decode(cls, raw: bytes) -> "Sketch":
        """Return the sketch from bytes. Raises msgspec.DecodeError."""
        stored = _decoder.decode(raw)
        scores, times = _counts(stored.score_keys, stored.score_counts), _counts(stored.time_keys, stored.time_counts)
        sums = {name: int.from_bytes(said, "little", signed=True) for name, said in stored.sums.items()}
        return cls(
            stored.rows,
            stored.failed,
            scores,
            times,
            sums,
            None if stored.clusters is None else Clusters.decode(stored.clusters),
            Decided.decode(stored.decided),
        )

    @property
    def labelled(self) -> int:
        """Return the number of scores with a known truth."""
        return int(self.scores.counts[self.scores.keys % LABELS != UNKNOWN].sum())


def sketch_of(scores: Floats, actuals: Floats, times: Floats, failed: int = 0, clusters: Clusters | None = None, decided: Decided | None = None) -> Sketch:
    """Return the sketch of rows: score, truth and duration of each [n], NaN for a missing one; `failed` further rows have none of the three."""
    there = np.isfinite(scores)
    counted = Counts.of(_keys(scores[there], actuals[there]))
    timed = Counts.of(octave_bins(times[~np.isnan(times)]))
    sums = truth_sums(scores[there], actuals[there]) | {"score": fixed(scores[there])}
    return Sketch(len(scores), failed, counted, timed, {name: value for name, value in sums.items() if value}, clusters, decided or Decided())


def clustered(buckets: Ints, scores: Floats, actuals: Floats, threshold: float) -> Clusters:
    """Return the sums of rows [n] by the cluster of their bucket; `threshold` is their phase's decision threshold."""
    known = np.isfinite(scores) & ~np.isnan(actuals)
    return Clusters.of(buckets, asked=1.0).plus(_losses(buckets[known], scores[known], actuals[known], threshold))


def told(buckets: Ints, scores: Floats, before: Floats, now: Floats, threshold: float, decisions: Sequence[str | None] = ()) -> Sketch:
    """Return the change of the sketch when the truth of counted rows becomes `now`; `before` is NaN if it was unknown. `decisions` [n], or empty."""
    outcomes = Decided.merged([Decided.of(decisions, buckets, now, 0), Decided.of(decisions, buckets, before, 0).negative]) if decisions else Decided()
    there = np.isfinite(scores)
    buckets, scores, before, now = buckets[there], scores[there], before[there], now[there]
    known = ~np.isnan(before)
    clusters = _losses(buckets, scores, now, threshold).minus(_losses(buckets[known], scores[known], before[known], threshold))
    keys = np.concatenate([_keys(scores, before), _keys(scores, now)])
    counts = np.repeat(np.array([-1, 1], dtype=np.int64), len(scores))
    old, new = truth_sums(scores, before), truth_sums(scores, now)
    return Sketch(
        scores=Counts.of(keys, counts), sums={name: new[name] - old[name] for name in new if new[name] != old[name]}, clusters=clusters, decided=outcomes
    )


def _losses(buckets: Ints, scores: Floats, actuals: Floats, threshold: float) -> Clusters:
    """Return the losses of rows with a known truth."""
    error = np.abs(np.clip(scores - actuals, -LARGEST, LARGEST))
    binary = (actuals == 0) | (actuals == 1)
    losses = {"squared": error**2, "absolute": error, "log": np.where(binary, log_losses(actuals, scores), 0.0)}
    return Clusters.of(buckets, labelled=1.0, wrong=_wrong(scores, actuals, threshold), **losses)


def _wrong(scores: Floats, actuals: Floats, threshold: float) -> Floats:
    return np.asarray((scores >= threshold) != (actuals > 0.5), dtype=np.float64)


def truth_sums(scores: Floats, actuals: Floats) -> dict[str, int]:
    """Return the sums over the rows with a known truth (not NaN)."""
    known = ~np.isnan(actuals)
    score, actual = scores[known], actuals[known]
    error = np.clip(score - actual, -LARGEST, LARGEST)
    binary = (actual == 0) | (actual == 1)
    losses = log_losses(actual[binary], score[binary])
    values = {"actual": actual, "error": error, "absolute": np.abs(error), "squared": error**2, "fourth": error**4, "log": losses, "log_squared": losses**2}
    return {name: fixed(value) for name, value in values.items()}


def pair_sketch(buckets: Ints, first: Floats, second: Floats, actuals: Floats, threshold: float, sign: int = 1) -> Sketch:
    """Return the sketch of pairs: bucket, two scores of the same case [n] and its truth. A `sign` of -1 subtracts them."""
    squared, absolute = (np.clip(one - actuals, -LARGEST, LARGEST) for one in (first, second)), [np.abs(one - actuals) for one in (first, second)]
    mine, theirs = squared
    binary = (actuals == 0) | (actuals == 1)
    truth, a, b = actuals[binary], first[binary], second[binary]
    gaps = {
        "squared": mine**2 - theirs**2,
        "log": log_losses(truth, a) - log_losses(truth, b),
        "wrong": _wrong(a, truth, threshold) - _wrong(b, truth, threshold),
        "absolute": np.clip(absolute[0] - absolute[1], -LARGEST, LARGEST),
    }
    sums = {f"{name}{power}": sign * fixed(gap**2 if power else gap) for name, gap in gaps.items() for power in ("", "_squared")}
    clusters = Clusters.of(buckets, labelled=1.0, squared=gaps["squared"], absolute=gaps["absolute"])
    clusters = clusters.plus(Clusters.of(buckets[binary], log=gaps["log"], wrong=gaps["wrong"]))
    return Sketch(rows=sign * len(first), sums={name: value for name, value in sums.items() if value}, clusters=Clusters(sign * clusters.sums))


def log_losses(actual: Floats, score: Floats) -> Floats:
    """Return -log of the probability of the truth (0 or 1); probabilities are capped at 2^-52 from 0 and 1."""
    margin = np.finfo(np.float64).eps
    clipped = np.clip(score, margin, 1 - margin)
    return np.asarray(-np.log(np.where(actual > 0.5, clipped, 1 - clipped)), dtype=np.float64)


def fixed(values: Floats) -> int:
    """Return the sum in units of 2^-30, with each value rounded before the addition.

    >>> fixed(np.array([0.5, 0.25])) / UNIT
    0.75
    """
    scaled = np.rint(np.clip(values, -(LARGEST**4.1), LARGEST**4.1) * UNIT)
    if len(scaled) and float(np.abs(scaled).max()) * len(scaled) < 2**62:
        return int(scaled.astype(np.int64).sum())
    return sum(map(int, scaled.tolist()))


def _keys(scores: Floats, actuals: Floats) -> Ints:
    label = np.where(np.isnan(actuals), UNKNOWN, np.where(actuals == 0, NEGATIVE, np.where(actuals == 1, POSITIVE, OTHER)))
    return np.asarray(score_bins(scores) * LABELS + label, dtype=np.int64)


def _together(parts: list[Counts]) -> Counts:
    return Counts.of(np.concatenate([part.keys for part in parts]), np.concatenate([part.counts for part in parts])) if parts else Counts()


def _bytes(array: NDArray[np.int64], kind: str) -> bytes:
    return array.astype(kind).tobytes()


def _counts(keys: bytes, counts: bytes) -> Counts:
    return Counts(np.frombuffer(keys, dtype="<i4").astype(np.int64), np.frombuffer(counts, dtype="<i8"))
