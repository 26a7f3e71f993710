"""Compiled kernels that explain rows with a filled table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.attribution.jit import compiled
from backend.numerics.attribution.plan import GROUP
from backend.numerics.attribution.tables import background_contributions, decide, path_contributions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Steps = NDArray[np.int32]
Columns = NDArray[np.uint16]
MOST_ROWS, FEWEST_ROWS, VALUES = 1024, 128, 32_768
"""Rows of a batch that pass through the table together. More rows keep parts of the table in the cache for longer, as long as the rows fit there too."""
Arrays = tuple[NDArray[Any], ...]


@compiled
def explain_row(x: Floats, nodes: Arrays, program: Steps, groups: Steps, columns: Columns, table: Floats, deep: Arrays, out: Floats) -> None:
    """Fill `out` [f]. The places in the table are found first, so that the processor fetches many contributions at once."""
    decided = _decisions(x, nodes)
    firsts, of_deep = np.empty(len(groups)), np.zeros(len(out))
    places, state = np.empty(len(groups), dtype=np.int64), np.empty(program[:, 1].max() + 1, dtype=np.int64)
    state[0] = -1
    for step in range(len(program)):
        what, level, which = program[step, 0], program[step, 1], program[step, 2]
        if what < GROUP:
            missed = np.int64((decided[which >> 6] >> np.uint64(which & 63)) & np.uint64(1)) ^ (what & 1)
            state[level] = state[level - 1] & ~(missed << (what >> 1))
        elif what == GROUP:
            slots, first, inner = groups[which, 0], groups[which, 1], groups[which, 2]
            shift = np.uint64(first & 63)
            window = decided[first >> 6] >> shift
            if shift:
                window |= decided[(first >> 6) + 1] << (np.uint64(64) - shift)
            row = (state[level] & ((1 << slots) - 1)) | ((np.int64(window) & ((1 << inner) - 1)) << slots)
            places[which] = groups[which, 3] + row * groups[which, 5]
        else:
            _deep(state[level], which, deep, of_deep)
    out[:] = 0.0
    for group in range(len(groups)):
        firsts[group] = table[places[group]] if groups[group, 5] else 0.0
    for group in range(len(groups)):
        start, place, width = groups[group, 4], places[group], groups[group, 5]
        if width:
            out[columns[start]] += firsts[group]
        for column in range(1, width):
            out[columns[start + column]] += table[place + column]
    out += of_deep


@compiled
def explain_each(matrix: Floats, nodes: Arrays, program: Steps, groups: Steps, columns: Columns, table: Floats, deep: Arrays, out: Floats) -> None:
    """Fill `out` [n, f], row by row, which is faster for a few rows. The values equal those of `explain_rows`."""
    for row in range(len(matrix)):
        explain_row(matrix[row], nodes, program, groups, columns, table, deep, out[row])


@compiled
def _decisions(x: Floats, nodes: Arrays) -> NDArray[np.uint64]:
    """Return a bit for each node, set where the row goes left."""
    feature, threshold, kind, starts, words = nodes
    decided = np.zeros(len(feature) // 64 + 2, dtype=np.uint64)
    for node in range(len(feature)):
        value, how = x[feature[node]], kind[node]
        if how < 2:
            left = np.uint64((value <= threshold[node]) | ((value != value) & (how == 1)))
        else:
            left = np.uint64(decide(value, threshold[node], how, words, starts[node], starts[node + 1]))
        decided[node >> 6] |= left << np.uint64(node & 63)
    return decided


@compiled
def _deep(met: int, leaf: int, deep: Arrays, out: Floats) -> None:
    """Add a deep leaf's contributions, which are computed here."""
    starts, features, shares, values, points, weights, pattern_starts, patterns, counts, factorials = deep
    start, end = starts[leaf], starts[leaf + 1]
    d = end - start
    found, scratch = np.empty(d), np.empty(d)
    pattern = met & ((np.int64(1) << d) - 1)
    if len(counts):
        some = slice(pattern_starts[leaf], pattern_starts[leaf + 1])
        background_contributions(pattern, d, patterns[some], counts[some], values[leaf], factorials, found)
    else:
        used = (d + 1) // 2
        path_contributions(pattern, shares[start:end], values[leaf], points[used, :used], weights[used, :used], scratch, found)
    for j in range(d):
        out[features[start + j]] += found[j]


@compiled
def explain_rows(matrix: Floats, nodes: Arrays, program: Steps, groups: Steps, columns: Columns, table: Floats, deep: Arrays, out: Floats) -> None:
    """Fill `out` [n, f], in chunks of rows. The program is the outer loop, so that a group's table stays in the cache for all rows of a chunk."""
    n, width_all = matrix.shape
    levels, most = program[:, 1].max() + 1, min(n, MOST_ROWS, max(FEWEST_ROWS, VALUES // max(width_all, 1)))
    x, sums = np.empty((width_all, most)), np.empty((width_all, most))
    state, rows = np.empty((levels, most), dtype=np.int64), np.empty(most, dtype=np.int64)
    of_deep = np.empty((most, width_all))
    for begin in range(0, n, most):
        size = min(most, n - begin)
        x[:, :size] = matrix[begin : begin + size].T
        sums[:], of_deep[:] = 0.0, 0.0
        state[0] = -1
        for step in range(len(program)):
            what, level, which = program[step, 0], program[step, 1], program[step, 2]
            if what < GROUP:
                _turn(x, size, nodes, which, rows, 0)
                slot, side, above = what >> 1, what & 1, state[level - 1]
                for r in range(size):
                    state[level, r] = above[r] & ~((rows[r] ^ side) << slot)
                rows[:] = 0
            elif what == GROUP:
                _look_up(x, size, nodes, groups[which], columns, table, state[level], rows, sums)
            else:
                for r in range(size):
                    _deep(state[level, r], which, deep, of_deep[r])
        out[begin : begin + size] = sums[:, :size].T + of_deep[:size]


@compiled
def _look_up(x: Floats, size: int, nodes: Arrays, group: Steps, columns: Columns, table: Floats, met: Ints, rows: Ints, sums: Floats) -> None:
    """Add a group's contributions for a chunk."""
    slots, first, inner, offset, start, width = group
    keep = (1 << slots) - 1
    for r in range(size):
        rows[r] = met[r] & keep
    for k in range(inner):
        _turn_onto(x, size, nodes, first + k, rows, slots + k)
    for r in range(size):
        rows[r] = offset + rows[r] * width
    for column in range(width):
        into = sums[columns[start + column]]
        for r in range(size):
            into[r] += table[rows[r] + column]


@compiled
def _turn(x: Floats, size: int, nodes: Arrays, node: int, rows: Ints, bit: int) -> None:
    rows[:] = 0
    _turn_onto(x, size, nodes, node, rows, bit)


@compiled
def _turn_onto(x: Floats, size: int, nodes: Arrays, node: int, rows: Ints, bit: int) -> None:
    """Set a bit in `rows` where the chunk's rows go left at a node."""
    feature, threshold, kind, starts, words = nodes
    values, limit, left = x[feature[node]], threshold[node], np.int64(1) << bit
    if kind[node] >= 2:
        for r in range(size):
            rows[r] |= np.int64(decide(values[r], limit, kind[node], words, starts[node], starts[node + 1])) << bit
    elif kind[node] == 1:
        for r in range(size):
            rows[r] |= 0 if values[r] > limit else left  # not above: so that NaN goes left
    else:
        for r in range(size):
            rows[r] |= left if values[r] <= limit else 0
