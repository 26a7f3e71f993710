"""Compiled kernels that fill a plan's table, once per model version.

Everything here follows from one formula for the game of a single leaf with value v. Slot j follows the path with certainty o_j in {0, 1} for the row, and with
share z_j otherwise. Slot i's Shapley value is the integral of Owen's multilinear extension (Owen 1972)

v (o_i - z_i) ∫_0^1 Π_{j≠i} (o_j t + z_j (1 - t)) dt,

a polynomial of degree d-1, so Gauss-Legendre quadrature with d/2 points is exact. All its factors are positive: nothing cancels. The idea of precomputing over
patterns is that of WOODELF (Nadel, Wettenstein 2025).
"""

import numpy as np
from numpy.typing import NDArray

from backend.numerics.attribution.jit import compiled

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@compiled
def decide(x: float, threshold: float, kind: int, words: NDArray[np.uint32], start: int, end: int) -> int:
    """Return 1 where a row goes left in LightGBM. `kind`: 0 numeric, 2 numeric with 0 missing, 4 categorical (bit set words[start:end]); odd where NaN goes
    left.
    """
    if kind >= 4:
        if x != x or x <= -1.0 or x >= (end - start) * 32.0:
            return 0
        value = int(x)
        return int((words[start + (value >> 5)] >> np.uint32(value & 31)) & np.uint32(1))
    if x != x or (kind >= 2 and -1.0000000180025095e-35 <= x <= 1.0000000180025095e-35):
        return kind & 1
    return 1 if x <= threshold else 0


@compiled
def path_contributions(pattern: int, shares: Floats, value: float, points: Floats, weights: Floats, before: Floats, out: Floats) -> None:
    """Write each slot's contribution to `out` [d] for a row that meets the slots in `pattern`. `before` [d] is scratch."""
    d = len(shares)
    out[:] = 0.0
    for q in range(len(points)):
        t = points[q]
        product = weights[q] * value
        for j in range(d):
            before[j] = product
            product *= ((pattern >> j) & 1) * t + shares[j] * (1.0 - t)
        product = 1.0
        for j in range(d - 1, -1, -1):
            met = (pattern >> j) & 1
            out[j] += (met - shares[j]) * before[j] * product
            product *= met * t + shares[j] * (1.0 - t)


@compiled
def background_contributions(pattern: int, slots: int, patterns: Ints, counts: Floats, value: float, weights: Floats, out: Floats) -> None:
    """Write the same against background rows: the `patterns` that they meet, and `counts`, the share of rows with each; `weights` [p, n] is p! n! / (p + n +
    1)!. A mix of row and background reaches a leaf only if one of the two meets each slot. Then a slot that only the row meets gains, and one that only the
    background meets loses.
    """
    out[:] = 0.0
    full = (1 << slots) - 1
    for b in range(len(patterns)):
        other = patterns[b]
        if (pattern | other) != full:
            continue
        gains, losses = 0, 0
        for j in range(slots):
            row, back = (pattern >> j) & 1, (other >> j) & 1
            gains += row & (1 - back)
            losses += back & (1 - row)
        for j in range(slots):
            row, back = (pattern >> j) & 1, (other >> j) & 1
            if row > back:
                out[j] += value * counts[b] * weights[gains - 1, losses]
            elif back > row:
                out[j] -= value * counts[b] * weights[gains, losses - 1]


@compiled
def add_leaf(table: Floats, bits: int, masks: Ints, wanted: Ints, columns: Ints, by_pattern: Floats) -> None:
    """Add a leaf's contributions to its group's rows: `table` [2^bits, columns], `by_pattern` [2^d, d]."""
    d = len(masks)
    for state in range(1 << bits):
        pattern = 0
        for j in range(d):
            if (state & masks[j]) == wanted[j]:
                pattern |= 1 << j
        for j in range(d):
            table[state, columns[j]] += by_pattern[pattern, j]


@compiled
def path_patterns(shares: Floats, value: float, points: Floats, weights: Floats) -> Floats:
    """Return path-dependent contributions for every pattern [2^d, d]."""
    d = len(shares)
    out, scratch = np.empty((1 << d, d)), np.empty(d)
    for pattern in range(1 << d):
        path_contributions(pattern, shares, value, points, weights, scratch, out[pattern])
    return out


@compiled
def background_patterns(slots: int, patterns: Ints, counts: Floats, value: float, weights: Floats) -> Floats:
    """Return interventional contributions for every pattern [2^d, d]."""
    out = np.empty((1 << slots, slots))
    for pattern in range(1 << slots):
        background_contributions(pattern, slots, patterns, counts, value, weights, out[pattern])
    return out
