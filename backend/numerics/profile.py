"""Distributions as counts: 256 quantile bins of numbers, counts of categories. Any two profiles with the same bins add up."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas.columns import CategoryProfile, NumberProfile

Floats = NDArray[np.float64]
PROFILE_BINS = 256
MOST_LEVELS = 256
"""Number of categories kept, the most frequent ones; all others count as `other`."""


def quantile_edges(values: Floats, bins: int = PROFILE_BINS) -> list[float]:
    """Return the inner edges of bins of about equal mass, from the finite ones of values [n]. Each edge is one of the values; a frequent value has one bin.

    >>> quantile_edges(np.array([1.0, 2.0, 3.0, 4.0]), 2), quantile_edges(np.array([5.0, 5.0]))
    ([3.0], [])
    """
    known = np.sort(values[np.isfinite(values)])
    if len(known) == 0:
        return []
    places = np.ceil(np.arange(1, bins) * len(known) / bins).astype(np.int64).clip(0, len(known) - 1)
    edges = np.unique(known[places])
    return [float(edge) for edge in edges[edges > known[0]]]


def number_profile(values: Floats, edges: Sequence[float] | None = None) -> NumberProfile:
    """Return the counts of values [n], in their own bins or between these edges. A value that is not finite counts as missing.

    >>> number_profile(np.array([1.0, np.nan, 3.0]), [2.0]).counts
    [1, 1]
    """
    inner = quantile_edges(values) if edges is None else list(edges)
    known = values[np.isfinite(values)]
    counts = np.bincount(np.searchsorted(np.array(inner), known, side="right"), minlength=len(inner) + 1)
    ends = (float(known.min()), float(known.max())) if len(known) else (None, None)
    return NumberProfile(edges=inner, counts=counts.tolist(), missing=len(values) - len(known), low=ends[0], high=ends[1])


def category_profile(codes: Floats, levels: Sequence[str]) -> CategoryProfile:
    """Return the counts of codes [n], places in `levels`; NaN is missing, and any other number counts as `other`.

    >>> found = category_profile(np.array([0.0, 1.0, 1.0, np.nan, 9.0]), ["a", "b"])
    >>> found.counts, found.missing, found.other
    ([1, 2], 1, 1)
    """
    missing = int(np.isnan(codes).sum())
    known = (codes >= 0) & (codes < len(levels)) & (codes == np.floor(codes))
    counts = np.bincount(codes[known].astype(np.int64), minlength=len(levels))
    kept = np.sort(np.argsort(-counts, kind="stable")[:MOST_LEVELS])
    other = len(codes) - missing - int(counts[kept].sum())
    return CategoryProfile(levels=[levels[at] for at in kept], counts=counts[kept].tolist(), missing=missing, other=other)
