"""Compiled kernels that explain rows by a filled table."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backend.numerics.attribution.jit import compiled
from backend.numerics.attribution.tables import background_contributions, decide, path_contributions

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
CHUNK = 128
Arrays = tuple[NDArray[Any], ...]


@compiled
def explain_row(x: Floats, nodes: Arrays, program: Ints, groups: Ints, columns: Ints, table: Floats, deep: Arrays, out: Floats) -> None:
    """Add one row's contributions to `out` [f]."""
    feature, threshold, kind, nan_left, starts, ends, words = nodes
    count = len(feature)
    decided = np.zeros(count // 64 + 2, dtype=np.uint64)
    for node in range(count):
        value = x[feature[node]]
        if kind[node] == 0:
            left = np.uint64((value <= threshold[node]) | ((value != value) & (nan_left[node] == 1)))
        else:
            left = np.uint64(decide(value, threshold[node], kind[node], nan_left[node], words, starts[node], ends[node]))
        decided[node >> 6] |= left << np.uint64(node & 63)
    state = np.empty(program[:, 1].max() + 1, dtype=np.int64)
    state[0] = -1
    for step in range(len(program)):
        code, level = program[step, 0], program[step, 1]
        if code == 0:
            node = program[step, 3]
            missed = np.int64((decided[node >> 6] >> np.uint64(node & 63)) & np.uint64(1)) ^ program[step, 4]
            state[level] = state[program[step, 2]] & ~(missed << program[step, 5])
        elif code == 1:
            group = program[step, 2]
            slots, first, inner = groups[group, 0], groups[group, 1], groups[group, 2]
            shift = np.uint64(first & 63)
            window = decided[first >> 6] >> shift
            if shift:
                window |= decided[(first >> 6) + 1] << (np.uint64(64) - shift)
            row = (state[level] & ((1 << slots) - 1)) | ((np.int64(window) & ((1 << inner) - 1)) << slots)
            start, width = groups[group, 4], groups[group, 5]
            at = groups[group, 3] + row * width
            for column in range(width):
                out[columns[start + column]] += table[at + column]
        else:
            _deep(state[level], program[step, 3], deep, out)


@compiled
def _deep(met: int, leaf: int, deep: Arrays, out: Floats) -> None:
    """Add a deep leaf's contributions, evaluated now."""
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
def explain_rows(matrix: Floats, nodes: Arrays, program: Ints, groups: Ints, columns: Ints, table: Floats, deep: Arrays, out: Floats) -> None:
    """Fill `out` [n, f], in chunks of rows: the program is outermost, so that a group's table stays in the cache while its rows pass."""
    n, width_all = matrix.shape
    levels = program[:, 1].max() + 1
    x, sums = np.empty((width_all, CHUNK)), np.empty((width_all, CHUNK))
    state, rows = np.empty((levels, CHUNK), dtype=np.int64), np.empty(CHUNK, dtype=np.int64)
    alone = np.empty(width_all)
    for begin in range(0, n, CHUNK):
        size = min(CHUNK, n - begin)
        x[:, :size] = matrix[begin : begin + size].T
        sums[:] = 0.0
        state[0] = -1
        for step in range(len(program)):
            code, level = program[step, 0], program[step, 1]
            if code == 0:
                _turn(x, size, nodes, program[step, 3], rows, 0)
                slot, side, above = program[step, 5], program[step, 4], state[program[step, 2]]
                for r in range(size):
                    state[level, r] = above[r] & ~((rows[r] ^ side) << slot)
                rows[:] = 0
            elif code == 1:
                _look_up(x, size, nodes, groups[program[step, 2]], columns, table, state[level], rows, sums)
            else:
                for r in range(size):
                    alone[:] = 0.0
                    _deep(state[level, r], program[step, 3], deep, alone)
                    sums[:, r] += alone
        out[begin : begin + size] = sums[:, :size].T


@compiled
def _look_up(x: Floats, size: int, nodes: Arrays, group: Ints, columns: Ints, table: Floats, met: Ints, rows: Ints, sums: Floats) -> None:
    """Add a group's contributions of a chunk."""
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
    feature, threshold, kind, nan_left, starts, ends, words = nodes
    values, limit, left = x[feature[node]], threshold[node], np.int64(1) << bit
    if kind[node] != 0:
        for r in range(size):
            rows[r] |= np.int64(decide(values[r], limit, kind[node], nan_left[node], words, starts[node], ends[node])) << bit
    elif nan_left[node] == 1:
        for r in range(size):
            rows[r] |= 0 if values[r] > limit else left  # not above: so that NaN goes left
    else:
        for r in range(size):
            rows[r] |= left if values[r] <= limit else 0
