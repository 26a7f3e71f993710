"""Predictions as counts at ascending scores, exact ones or bins: the input of the comparison's figures."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from backend.numerics.statistics.binning import Ints, octave_spans, score_spans
from backend.numerics.statistics.clusters import Clusters
from backend.numerics.statistics.decided import Decided
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.sketch import LABELS, NEGATIVE, OTHER, POSITIVE, Counts, Sketch, sketch_of


@dataclass(frozen=True)
class Levels:
    """Ascending scores with their counts. Each score lies between `low` and `high` [B]; both are equal for exact scores."""

    low: Floats
    high: Floats
    counts: Ints
    """[B, LABELS]: counts by the known truth."""

    @property
    def exact(self) -> bool:
        """Return whether these are scores themselves, not bins."""
        return bool(np.array_equal(self.low, self.high))

    @property
    def turned(self) -> "Levels":
        """Return the same with the sign of every score changed: a higher score now means what a lower one meant."""
        return Levels(-self.high[::-1], -self.low[::-1], self.counts[::-1])

    @property
    def middle(self) -> Floats:
        """Return the middle score of each level."""
        return self.low + (self.high - self.low) / 2

    @property
    def negatives(self) -> Ints:
        """Return the counts of truth 0 [B]."""
        return np.asarray(self.counts[:, NEGATIVE])

    @property
    def positives(self) -> Ints:
        """Return the counts of truth 1 [B]."""
        return np.asarray(self.counts[:, POSITIVE])

    @property
    def all(self) -> Ints:
        """Return the counts of all rows [B]."""
        return np.asarray(self.counts.sum(axis=1))


@dataclass(frozen=True)
class Counted:
    """Counts and sums of some rows. `times` are durations with their counts, as levels like those of the scores."""

    levels: Levels
    times: Levels
    sketch: Sketch

    @property
    def labelled(self) -> int:
        """Return the number of rows with a known truth."""
        return self.sketch.labelled


def of_sketch(sketch: Sketch) -> Counted:
    """Return the counts of a sketch, in which scores and durations are bins."""
    bins, at = np.unique(sketch.scores.keys // LABELS, return_inverse=True)
    counts = np.zeros((len(bins), LABELS), dtype=np.int64)
    counts[at, sketch.scores.keys % LABELS] = sketch.scores.counts
    return Counted(Levels(*score_spans(bins), counts), _times(*octave_spans(sketch.times.keys), sketch.times.counts), sketch)


def of_rows(scores: Floats, actuals: Floats, times: Floats, failed: int = 0, clusters: Clusters | None = None, decided: Decided | None = None) -> Counted:
    """Return the exact counts of rows: score, truth and duration of each [n], NaN for a missing one."""
    timed, often = np.unique(times[~np.isnan(times)], return_counts=True)
    return Counted(levels_of(actuals, scores), _times(timed, timed, often), sketch_of(scores, actuals, times, failed, clusters, decided))


def levels_of(actual: ArrayLike, score: ArrayLike) -> Levels:
    """Return scores [n] with their truths [n] (NaN: not known) as counts at each distinct score.

    >>> found = levels_of([0, 1, 1], [0.2, 0.7, 0.2])
    >>> found.low.tolist(), found.negatives.tolist(), found.positives.tolist()
    ([0.2, 0.7], [1, 0], [1, 1])
    """
    truth, scores = np.asarray(actual, dtype=np.float64), np.asarray(score, dtype=np.float64)
    if truth.shape != scores.shape or truth.ndim != 1:
        raise ValueError(f"{truth.shape} labels and {scores.shape} scores do not pair up")
    there = np.isfinite(scores)
    values, at = np.unique(scores[there], return_inverse=True)
    label = np.select([np.isnan(truth[there]), truth[there] == 0, truth[there] == 1], [0, NEGATIVE, POSITIVE], OTHER)
    counts = np.bincount(at * LABELS + label, minlength=len(values) * LABELS).reshape(-1, LABELS)
    return Levels(values, values, counts.astype(np.int64))


def _times(low: Floats, high: Floats, counts: Ints) -> Levels:
    kept = np.zeros((len(low), LABELS), dtype=np.int64)
    kept[:, 0] = counts
    return Levels(low, high, kept)


NOTHING = Counted(levels_of([], []), _times(np.empty(0), np.empty(0), np.empty(0, dtype=np.int64)), Sketch(scores=Counts()))
