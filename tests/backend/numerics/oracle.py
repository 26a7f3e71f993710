"""Shapley values by their definition: every subset of features, one row at a time. Slow, and nothing shared with the product's code but `Forest`."""

import itertools
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import Forest, Tree

Floats = NDArray[np.float64]
Game = Callable[[frozenset[int]], float]


def shapley(game: Game, features: int) -> Floats:
    """The definition: the mean of what a feature adds, over all orders."""
    found = np.zeros(features)
    for i in range(features):
        others = [j for j in range(features) if j != i]
        for size in range(features):
            weight = math.factorial(size) * math.factorial(features - size - 1) / math.factorial(features)
            for subset in itertools.combinations(others, size):
                found[i] += weight * (game(frozenset(subset) | {i}) - game(frozenset(subset)))
    return found


def goes_left(tree: Tree, node: int, value: float) -> bool:
    """LightGBM's rule, written from its documentation of decision_type."""
    decision = int(tree.decision[node])
    if decision & 1:
        which = int(tree.threshold[node])
        words = tree.category_bits[tree.category_starts[which] : tree.category_starts[which + 1]]
        members = {32 * i + bit for i, word in enumerate(words.tolist()) for bit in range(32) if word >> bit & 1}
        return not math.isnan(value) and math.trunc(value) in members
    missing = ("none", "zero", "nan")[decision >> 2]
    if math.isnan(value) and missing != "nan":
        value = 0.0
    if (missing == "nan" and math.isnan(value)) or (missing == "zero" and abs(value) <= 1.0000000180025095e-35):
        return bool(decision & 2)
    return value <= tree.threshold[node]


def expected(tree: Tree, row: Floats, known: frozenset[int], node: int = 0) -> float:
    """A tree's output where unknown features follow both branches by their cover."""
    if tree.leaves == 1:
        return float(tree.leaf_value[0])
    if node < 0:
        return float(tree.leaf_value[-node - 1])
    left, right = int(tree.left[node]), int(tree.right[node])
    feature = int(tree.feature[node])
    if feature in known:
        return expected(tree, row, known, left if goes_left(tree, node, float(row[feature])) else right)
    return (tree.cover(left) * expected(tree, row, known, left) + tree.cover(right) * expected(tree, row, known, right)) / tree.cover(node)


def path_dependent(forest: Forest, row: Floats) -> tuple[float, Floats]:
    """Base and contributions of one row by cover-weighted conditional expectations."""

    def game(known: frozenset[int]) -> float:
        return forest.scale * sum(expected(tree, row, known) for tree in forest.trees)

    return game(frozenset()), shapley(game, len(forest.features))


def interventional(model: Callable[[Floats], Floats], row: Floats, background: Floats) -> tuple[float, Floats]:
    """Base and contributions of one row, unknown features taken from each background row in turn."""

    def game(known: frozenset[int]) -> float:
        mixed = background.copy()
        mixed[:, sorted(known)] = row[sorted(known)]
        return float(model(mixed).mean())

    return game(frozenset()), shapley(game, len(row))
