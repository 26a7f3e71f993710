"""The limits of the compiler, checked without compiling."""

import numpy as np

from backend.numerics.trees.forest import Forest, Tree

MAX_LEAVES = 200_000
MAX_FEATURES = 2**16
"""Most features of a forest: the data read for each row must stay in the cache."""
MAX_SLOTS = 62
"""Most features on one path: their bits share a 64-bit word."""


class CannotCompile(ValueError):
    """The compiled explainer does not take this kind of forest."""


def check(forest: Forest) -> None:
    """Raise `CannotCompile` for linear leaves, too many leaves or features, or more than 62 features on a path."""
    if forest.linear:
        raise CannotCompile("linear leaves")
    if sum(tree.leaves for tree in forest.trees) > MAX_LEAVES or len(forest.features) > MAX_FEATURES:
        raise CannotCompile(f"more than {MAX_LEAVES} leaves, or {MAX_FEATURES} features")
    if len(forest.features) > MAX_SLOTS and any(_deep(tree) and _most_features(tree) > MAX_SLOTS for tree in forest.trees):
        raise CannotCompile(f"more than {MAX_SLOTS} features on one path")


def compiles(forest: Forest) -> bool:
    """Return whether tables can explain a forest."""
    try:
        check(forest)
    except CannotCompile:
        return False
    return True


def _deep(tree: Tree) -> bool:
    """Return whether some path has more splits than a path may have features. A quick check, level by level."""
    level = np.zeros(min(tree.leaves - 1, 1), dtype=np.int64)
    for _ in range(MAX_SLOTS):
        below = np.concatenate((tree.left[level], tree.right[level]))
        level = below[below >= 0]
        if not len(level):
            return False
    return True


def _most_features(tree: Tree) -> int:
    """Return the largest number of different features on a path of the tree."""
    most, stack = 0, [(0, frozenset[int]())]
    while stack:
        node, above = stack.pop()
        features = above | {int(tree.feature[node])}
        most = max(most, len(features))
        stack += [(child, features) for child in (int(tree.left[node]), int(tree.right[node])) if child >= 0]
    return most
