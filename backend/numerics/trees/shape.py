"""Checks that child pointers make a tree."""

import numpy as np

from backend.numerics.trees.forest import Ints
from backend.numerics.trees.lightgbm_fields import MalformedTrees


def check_structure(left: Ints, right: Ints, leaves: int, where: str, depth: int) -> None:
    """Raise `MalformedTrees` unless the children reach every inner node but the root and every leaf exactly once, without a cycle.

    `left` and `right` have leaves-1 entries; a child below 0 is leaf `-child - 1`. `depth` bounds the longest path.

    >>> import numpy as np
    >>> check_structure(np.array([1, -1]), np.array([-3, 0]), 3, "tree 0", 10)
    Traceback (most recent call last):
    ...
    backend.numerics.trees.lightgbm_fields.MalformedTrees: tree 0: the children do not make one tree: a node or leaf is reached twice, or never.
    """
    children = np.concatenate([left, right])
    if np.any((children >= leaves - 1) | (children < -leaves)):
        raise MalformedTrees(f"{where}: a child points outside the tree.")
    expected = np.concatenate([np.arange(-leaves, 0), np.arange(1, leaves - 1)])
    if leaves > 1 and not np.array_equal(np.sort(children), expected):
        raise MalformedTrees(f"{where}: the children do not make one tree: a node or leaf is reached twice, or never.")
    level, reached, steps = np.zeros(min(leaves - 1, 1), dtype=np.int64), 0, 0
    while len(level):
        reached, steps = reached + len(level), steps + 1
        if steps > depth:
            raise MalformedTrees(f"{where}: a path is longer than {depth} splits.")
        below = np.concatenate([left[level], right[level]])
        level = below[below >= 0]
    if reached != leaves - 1:
        raise MalformedTrees(f"{where}: some splits are cut off from the root in a cycle of their own.")
