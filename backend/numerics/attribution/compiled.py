"""Computes exact Shapley values of tree ensembles, compiled once per model version.

Numba is imported when the first forest is compiled. Its machine code is cached beside these modules, or in the user's cache folder if that folder is read-only.
NUMBA_CACHE_DIR names another place. A read-only installation without a home folder needs it; else every process compiles anew (some seconds).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from backend.numerics.attribution.limits import CannotCompile, check
from backend.numerics.attribution.plan import DEEP, GROUP, AttributionPlan, plan, ragged
from backend.numerics.trees.forest import CATEGORICAL, DEFAULT_LEFT, MISSING_NAN, MISSING_NONE, MISSING_ZERO, Forest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Arrays = tuple[NDArray[Any], ...]

BUDGET_BYTES = 64 * 1024 * 1024
SIZES = [(9, 12), (9, 11), (9, 10), (8, 9), (7, 8), (6, 7), (5, 5), (3, 3), (0, 0)]
"""(bits of a group, bits of a leaf alone), largest first. The first with a table within the budget is used; the last needs no table."""
FEW = 12
"""Up to this number of rows, explaining one by one is faster than together."""


@dataclass(frozen=True)
class CompiledExplainer:
    """Explains rows in the forest's own units: `base` plus the contributions is the forest's output. `table_bytes` is the size of its tables."""

    base: float
    features: int
    table_bytes: int
    deep_leaves: int
    arguments: tuple[Arrays, NDArray[np.int32], NDArray[np.int32], NDArray[np.uint16], Floats, Arrays]
    read: Callable[[Floats], Floats]
    """Turns rows into the form in which the forest compares them."""

    @classmethod
    def compile(cls, forest: Forest, background: Floats | None = None, budget_bytes: int = BUDGET_BYTES) -> Self:
        """Compile a forest: path-dependent by its covers, or interventional against `background` [b, f].

        Path-dependent values are those of Lundberg et al. (2020). Interventional values are the mean, over the background rows, of the Shapley values of
        replacing that row by the explained one; they need no covers. Raises `CannotCompile` for a forest that it does not take. Takes about a second for 100
        trees of 31 leaves.
        """
        if background is None and not forest.covered:
            raise CannotCompile("no covers, and no background")
        check(forest)
        made = _fitting(forest, budget_bytes)
        nodes = _nodes(forest, made)
        met = None if background is None else _met(made, nodes, forest.read(np.ascontiguousarray(background, dtype=np.float64)))
        table, groups, columns = _table(made, forest.scale, met)
        deep = _deep(made, forest.scale, met)
        program = np.array([_with_deep(step, deep[1]) for step in made.program] or [(GROUP, 0, 0)], dtype=np.int32)
        if not made.program:  # constants only: one group without columns
            groups = np.zeros((1, 6), dtype=np.int64)
        base = made.base if met is None else _mean_output(forest, made, met)
        arguments = (nodes, program, groups.astype(np.int32), columns.astype(np.uint16), table, deep[0])
        return cls((forest.start + base) * forest.scale, len(forest.features), table.nbytes, made.deep, arguments, forest.read)

    def __call__(self, matrix: Floats) -> Floats:
        """Return the contributions [n, f] of rows [n, f]. Runs without the GIL on one thread."""
        from backend.numerics.attribution.lookup import explain_each, explain_rows  # noqa: PLC0415  heavy: numba

        out = np.empty((len(matrix), self.features))
        rows = self.read(np.ascontiguousarray(matrix, dtype=np.float64))
        explain = explain_each if len(rows) <= FEW else explain_rows
        explain(rows, *self.arguments, out)
        return out


def _fitting(forest: Forest, budget_bytes: int) -> AttributionPlan:
    for group_bits, leaf_bits in SIZES:
        made = plan(forest, group_bits, leaf_bits)
        if made.cells * 8 <= budget_bytes:
            return made
    return made


def _nodes(forest: Forest, made: AttributionPlan) -> Arrays:
    """Return the nodes' decisions as arrays, in the plan's order: feature, threshold, 2 kind + whether NaN goes left (see `decide`), and categories as bit
    sets.
    """
    trees = [(forest.trees[tree], node) for tree, node in made.node_order]
    feature = np.array([tree.feature[node] for tree, node in trees], dtype=np.int64)
    threshold = np.array([tree.threshold[node] for tree, node in trees], dtype=np.float64)
    decision = np.array([tree.decision[node] for tree, node in trees], dtype=np.int64)
    missing, categorical = decision >> 2, (decision & CATEGORICAL) == 1
    by_default = np.where((decision & DEFAULT_LEFT) > 0, 1, 0)
    nan_left = np.where(missing == MISSING_NONE, (threshold >= 0).astype(np.int64), by_default)
    kind = np.where(categorical, 2, np.where(missing == MISSING_ZERO, 1, 0))
    assert set(missing.tolist()) <= {MISSING_NONE, MISSING_ZERO, MISSING_NAN}
    sets = [
        tree.category_bits[tree.category_starts[int(tree.threshold[node])] : tree.category_starts[int(tree.threshold[node]) + 1]]
        if tree.decision[node] & CATEGORICAL
        else tree.category_bits[:0]
        for tree, node in trees
    ]
    words, starts = ragged([part.tolist() for part in sets])
    return feature.astype(np.uint16), threshold, (2 * kind + nan_left).astype(np.int8), starts.astype(np.int32), words.astype(np.uint32)


def _met(made: AttributionPlan, nodes: Arrays, background: Floats) -> list[tuple[Ints, Floats]]:
    """Return, for each leaf, the patterns that background rows meet, and the share of rows with each."""
    from backend.numerics.attribution.tables import decide  # noqa: PLC0415  heavy: numba

    feature, threshold, kind, starts, words = nodes
    left = np.array(
        [[decide(x, threshold[i], kind[i], words, starts[i], starts[i + 1]) for x in background[:, feature[i]].tolist()] for i in range(len(feature))],
        dtype=np.int64,
    ).reshape(len(feature), len(background))
    found = []
    for leaf in made.leaves:
        missed = np.zeros(len(background), dtype=np.int64)
        for slot, node, side in leaf.conditions:
            missed |= (left[node] ^ side) << slot
        patterns, counts = np.unique(((1 << len(leaf.features)) - 1) & ~missed, return_counts=True)
        found.append((patterns, counts / len(background)))
    return found


def _mean_output(forest: Forest, made: AttributionPlan, met: list[tuple[Ints, Floats]]) -> float:
    constants = sum(float(tree.leaf_value[0]) for tree in forest.trees if tree.leaves == 1)
    reached = (leaf.value * float(counts[patterns == (1 << len(leaf.features)) - 1].sum()) for leaf, (patterns, counts) in zip(made.leaves, met, strict=True))
    return constants + sum(reached)


def _table(made: AttributionPlan, scale: float, met: list[tuple[Ints, Floats]] | None) -> tuple[Floats, Ints, Ints]:
    from backend.numerics.attribution.tables import add_leaf, background_patterns, path_patterns  # noqa: PLC0415  heavy: numba

    columns, starts = ragged(made.columns)
    table, groups, offset = np.zeros(made.cells), np.zeros((len(made.groups), 6), dtype=np.int64), 0
    for number, (slots, first, inner) in enumerate(made.groups):
        width = len(made.columns[number])
        groups[number] = (slots, first, inner, offset, starts[number], width)
        offset += width << (slots + inner)
    factorials = _factorials()
    for number, leaf in enumerate(made.leaves):
        if leaf.group < 0:
            continue
        slots, _, inner, offset, _, width = groups[leaf.group].tolist()
        if met is None:
            by_pattern = path_patterns(np.array(leaf.shares), leaf.value * scale, *_quadrature(len(leaf.features)))
        else:
            by_pattern = background_patterns(len(leaf.features), met[number][0], met[number][1], leaf.value * scale, factorials)
        where = np.array([made.columns[leaf.group].index(feature) for feature in leaf.features], dtype=np.int64)
        bits = slots + inner
        part = table[offset : offset + (width << bits)].reshape(1 << bits, width)
        add_leaf(part, bits, np.array(leaf.masks, dtype=np.int64), np.array(leaf.wanted, dtype=np.int64), where, by_pattern)
    return table, groups, columns


def _deep(made: AttributionPlan, scale: float, met: list[tuple[Ints, Floats]] | None) -> tuple[Arrays, dict[int, int]]:
    """Return the deep leaves as arrays, and each one's number among the deep leaves by its number among all leaves."""
    numbers = [number for number, leaf in enumerate(made.leaves) if leaf.group < 0]
    leaves = [made.leaves[number] for number in numbers]
    features, starts = ragged([leaf.features for leaf in leaves])
    shares = np.array([share for leaf in leaves for share in leaf.shares], dtype=np.float64)
    values = np.array([leaf.value * scale for leaf in leaves], dtype=np.float64)
    most = max((len(leaf.features) for leaf in leaves), default=1) // 2 + 2
    points, weights = np.zeros((most, most)), np.zeros((most, most))
    for order in range(1, most):
        points[order, :order], weights[order, :order] = _quadrature(2 * order)
    patterns, pattern_starts = ragged([met[number][0].tolist() if met else [] for number in numbers])
    counts = np.concatenate([met[number][1] for number in numbers]) if met and numbers else np.empty(0)
    arrays = (starts, features, shares, values, points, weights, pattern_starts, patterns, counts, _factorials())
    return arrays, {number: index for index, number in enumerate(numbers)}


def _with_deep(step: tuple[int, int, int], numbers: dict[int, int]) -> tuple[int, int, int]:
    """Return the program with deep leaves named by their number among the deep ones."""
    return (step[0], step[1], numbers[step[2]]) if step[0] == DEEP else step


def _quadrature(slots: int) -> tuple[Floats, Floats]:
    """Return Gauss-Legendre points and weights on [0, 1], exact for polynomials of this number of slots."""
    points, weights = np.polynomial.legendre.leggauss(max((slots + 1) // 2, 1))
    return (points + 1) / 2, weights / 2


def _factorials(size: int = 64) -> Floats:
    """Return p! n! / (p + n + 1)! at [p, n]."""
    logs = [math.lgamma(k + 1) for k in range(2 * size)]
    return np.array([[math.exp(logs[p] + logs[n] - logs[p + n + 1]) for n in range(size)] for p in range(size)])
