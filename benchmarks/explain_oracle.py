"""Shapley values by their definition, leaf by leaf over all subsets of the leaf's features. Slow, and independent of the compiled explainer.

Contributions of a sum are the sum of contributions, and only the features on a leaf's path are players of its game.
"""

import math
from functools import cache

import numpy as np

from backend.numerics.trees.forest import Forest, Tree

Floats = np.ndarray


def by_definition(forest: Forest, row: Floats, background: Floats | None) -> Floats:
    """Return the contributions [f] of one row, path-dependent by the covers or against a background [b, f]. For numeric splits with NaN as missing, or
    without missing values.
    """
    found = np.zeros(len(forest.features))
    rows = forest.read(np.vstack([row, row if background is None else background]))
    for tree in forest.trees:
        _walk(tree, 0 if tree.leaves > 1 else -1, rows, {}, found, background is None)
    return found * forest.scale


def _walk(tree: Tree, node: int, rows: Floats, path: dict[int, tuple[Floats, float]], found: Floats, by_cover: bool) -> None:
    """Walk the tree. `path` holds for each feature the rows that meet all its conditions so far, and their share of cover."""
    if node < 0:
        _leaf(float(tree.leaf_value[-node - 1]), path, found, by_cover)
        return
    feature, values = int(tree.feature[node]), rows[:, int(tree.feature[node])]
    left = np.where(np.isnan(values), bool(tree.decision[node] & 2), values <= tree.threshold[node])
    met, share = path.get(feature, (np.ones(len(rows), dtype=bool), 1.0))
    for child, side in ((int(tree.left[node]), left), (int(tree.right[node]), ~left)):
        part = tree.cover(child) / tree.cover(node) if by_cover else 1.0
        _walk(tree, child, rows, path | {feature: (met & side, share * part)}, found, by_cover)


def _leaf(value: float, path: dict[int, tuple[Floats, float]], found: Floats, by_cover: bool) -> None:
    met = np.array([rows for rows, _ in path.values()], dtype=float).reshape(len(path), -1)
    known, others = met[:, :1], np.array([[share] for _, share in path.values()]) if by_cover else met[:, 1:]
    members, weights = _subsets(len(path))
    worth = np.array([np.where(inside[:, None], known, others).prod(axis=0).mean() for inside in members]) * value
    for player, feature in enumerate(path):
        with_it = np.flatnonzero(members[:, player])
        found[feature] += (weights[with_it, player] * (worth[with_it] - worth[with_it ^ (1 << player)])).sum()


@cache
def _subsets(players: int) -> tuple[Floats, Floats]:
    """Return every subset as a row of yes and no, and the weight of each member joining it last."""
    members = (np.arange(1 << players)[:, None] >> np.arange(players)) & 1 == 1
    sizes = members.sum(axis=1) - 1
    each = [math.factorial(size) * math.factorial(players - size - 1) / math.factorial(players) if size >= 0 else 0.0 for size in sizes]
    return members, np.repeat(np.array(each)[:, None], players, axis=1)
