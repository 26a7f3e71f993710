"""What the compiler takes, known without compiling."""

import numpy as np

from backend.numerics.trees.forest import Forest, Tree

MAX_LEAVES = 200_000
MAX_FEATURES = 2**16
"""What is read for each row is kept in few bytes, so that it stays in the cache."""
MAX_SLOTS = 62
"""Features on one path: their bits share a 64-bit word."""


class CannotCompile(ValueError):
    """The forest is of a kind that the compiled explainer does not take."""


def check(forest: Forest) -> None:
    """Raises `CannotCompile` for linear leaves, more leaves or features than are taken, or more than 62 features on a path."""
    if forest.linear:
        raise CannotCompile("linear leaves")
    if sum(tree.leaves for tree in forest.trees) > MAX_LEAVES or len(forest.features) > MAX_FEATURES:
        raise CannotCompile(f"more than {MAX_LEAVES} leaves, or {MAX_FEATURES} features")
    if len(forest.features) > MAX_SLOTS and any(_deep(tree) and _most_features(tree) > MAX_SLOTS for tree in forest.trees):
        raise CannotCompile(f"more than {MAX_SLOTS} features on one path")


def compiles(forest: Forest) -> bool:
    """Return whether a forest is explained from tables."""
    try:
        check(forest)
    except CannotCompile:
        return False
    return True


def _deep(tree: Tree) -> bool:
    """Return whether some path has more splits than a path may have features. Read level by level, which is quick."""
    level = np.zeros(min(tree.leaves - 1, 1), dtype=np.int64)
    for _ in range(MAX_SLOTS):
        below = np.concatenate((tree.left[level], tree.right[level]))
        level = below[below >= 0]
        if not len(level):
            return False
    return True


def _most_features(tree: Tree) -> int:
    """Return the most different features on any of a tree's paths."""
    most, stack = 0, [(0, frozenset[int]())]
    while stack:
        node, above = stack.pop()
        features = above | {int(tree.feature[node])}
        most = max(most, len(features))
        stack += [(child, features) for child in (int(tree.left[node]), int(tree.right[node])) if child >= 0]
    return most
