"""Fixed bins for scores and durations. They are the same for every model, so counts of any two spans of time add up.

Scores in [0, 1] fall into bins with edges at all multiples of 1/2 000. A threshold of up to three decimals is an edge, so counts of decisions at it are exact.
Towards 0 and 1 there are 32 bins per halving, so that scores of rare events keep their order. Any other number falls into one of 32 bins per octave, as in a
high-dynamic-range histogram. All edges come from correctly rounded operations, so they are the same on every machine.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backend.numerics.statistics.estimate import Floats

Ints = NDArray[np.int64]
STEPS = 2_000
OCTAVE = 32
_HALVINGS = 34
_FAR = 2_100 * OCTAVE
"""Offset of the bins of numbers outside [0, 1], on either side: more than all octaves of a double."""


def _edges() -> Floats:
    powers = np.ldexp(1.0, -np.arange(2, _HALVINGS + 1))
    low = (powers[:, None] * (1 + np.arange(OCTAVE) / OCTAVE)).ravel()
    return np.unique(np.concatenate([np.arange(STEPS + 1) / STEPS, low, 1 - low]))


EDGES = _edges()
"""Edges of the bins of [0, 1]. The number 1 has the last bin for itself."""


def octave_bins(values: ArrayLike) -> Ints:
    """Return the bin of each positive number: 32 equal parts per octave, so a bin's width is at most 1/32 of its value. Numbers from 0 down share bin 0.

    >>> octave_bins([1.0, 1.02, 1.04, 2.0]).tolist()[1:], octave_bins([0.0]).tolist()
    ([34400, 34401, 34432], [0])
    """
    array = np.asarray(values, dtype=np.float64)
    mantissa, exponent = np.frexp(np.where(array > 0, array, 0.5))
    found = (exponent.astype(np.int64) + 1_074) * OCTAVE + np.floor((mantissa - 0.5) * 2 * OCTAVE).astype(np.int64)
    return np.where(array > 0, found, 0)


def octave_spans(bins: Ints) -> tuple[Floats, Floats]:
    """Return the lower and upper ends of those bins.

    >>> [ends.tolist() for ends in octave_spans(octave_bins([1.0, 3.0]))]
    [[1.0, 3.0], [1.03125, 3.0625]]
    """
    exponent, part = np.divmod(bins, OCTAVE)
    scale = np.where(bins == 0, 0.0, 1.0)
    return tuple(np.ldexp(scale * (0.5 + at / (2 * OCTAVE)), (exponent - 1_074).astype(np.int32)) for at in (part, part + 1))  # type: ignore[return-value]


def score_bins(scores: ArrayLike) -> Ints:
    """Return the bin of each finite score. A greater score is never in a lower bin.

    >>> found = score_bins([-1.0, 0.0, 0.35, 0.3499999, 1.0, 7.0])
    >>> bool(np.all(np.diff(found[[0, 1, 3, 2, 4, 5]]) > 0))
    True
    """
    array = np.asarray(scores, dtype=np.float64)
    inside = np.searchsorted(EDGES, array, side="right") - 1
    outside = octave_bins(np.abs(array))
    return np.where(array > 1, _FAR + outside, np.where(array < 0, -_FAR - outside, inside)).astype(np.int64)


def score_spans(bins: Ints) -> tuple[Floats, Floats]:
    """Return the lower and upper ends of score bins.

    >>> [ends.tolist() for ends in score_spans(score_bins([0.25, 1.0, -2.0]))]
    [[0.25, 1.0, -2.0625], [0.2505, 1.0, -2.0]]
    """
    at = np.clip(bins, 0, len(EDGES) - 1)
    low, high = EDGES[at], EDGES[np.minimum(at + 1, len(EDGES) - 1)]
    near, far = octave_spans(np.maximum(np.abs(bins) - _FAR, 0))
    above, below = bins >= _FAR, bins <= -_FAR
    return np.where(above, near, np.where(below, -far, low)), np.where(above, far, np.where(below, -near, high))
