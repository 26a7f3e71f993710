"""Estimates Shapley values of any model by permutations.

Castro, Gómez, Tejada (2009), "Polynomial calculation of the Shapley value based on sampling"; each permutation is used in both directions (Mitchell, Cooper,
Frank, Holmes 2022, "Sampling permutations for Shapley value estimation", antithetic sampling).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

PAIRS = 48
CHUNK_CELLS = 4_000_000


@dataclass(frozen=True)
class ShapleyEstimate:
    """The result: `base`, `values` [n, f], and the standard error of each [n, f]."""

    base: float
    values: Floats
    error: Floats


def sampled_shapley(model: Callable[[Floats], Floats], matrix: Floats, background: Floats, pairs: int = PAIRS, seed: int = 7) -> ShapleyEstimate:
    """Estimate the contributions of `matrix` [n, f] against `background` [b, f].

    `model` takes [m, f] and gives [m]. The value of a set of features is the model's mean with the other features from background rows. All rows are used up to
    `pairs`, else `pairs` rows drawn at random. Each gets the same number of permutation pairs, so base + sum is the model's output, except for rounding. The
    same call gives the same numbers.

    >>> found = sampled_shapley(lambda rows: rows @ np.array([2.0, -1.0]), np.array([[1.0, 1.0]]), np.zeros((1, 2)))
    >>> found.values.round(12).tolist(), bool(found.error.max() < 1e-12)
    ([[2.0, -1.0]], True)
    """
    rng = np.random.default_rng(seed)
    used = background if len(background) <= pairs else background[rng.choice(len(background), pairs, replace=False)]
    repeats = -(-pairs // len(used))
    partners = np.repeat(used, repeats, axis=0)
    orders = np.array([rng.permutation(matrix.shape[1]) for _ in partners])
    base = float(np.mean(model(used)))
    values, error = np.empty(matrix.shape), np.empty(matrix.shape)
    for row, given in enumerate(matrix):
        each = _pair_contributions(model, given, partners, orders)
        values[row] = each.mean(axis=0)
        error[row] = each.std(axis=0, ddof=1) / np.sqrt(len(each)) if len(each) > 1 else np.inf
    return ShapleyEstimate(base, values, error)


def _pair_contributions(model: Callable[[Floats], Floats], row: Floats, partners: Floats, orders: NDArray[np.intp]) -> Floats:
    """Return contributions [pairs, f] of one row, each the mean over an order and its reverse."""
    forward, backward = _walk(model, row, partners, orders), _walk(model, row, partners, orders[:, ::-1])
    return (forward + backward) / 2


def _walk(model: Callable[[Floats], Floats], row: Floats, partners: Floats, orders: NDArray[np.intp]) -> Floats:
    """Return the change by each feature as the row's values replace the background rows', one at a time in the given orders."""
    pairs, features = orders.shape
    rank = np.argsort(orders, axis=1)
    out = np.empty((pairs, features))
    step = max(1, CHUNK_CELLS // ((features + 1) * features))
    for start in range(0, pairs, step):
        part = slice(start, start + step)
        replaced = rank[part, None, :] < np.arange(features + 1)[None, :, None]
        mixed = np.where(replaced, row, partners[part, None, :])
        outputs = model(mixed.reshape(-1, features)).reshape(-1, features + 1)
        np.put_along_axis(out[part], orders[part], np.diff(outputs, axis=1), axis=1)
    return out
