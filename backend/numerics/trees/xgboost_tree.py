"""Turns one tree of an XGBoost file, with arrays by node, into our arrays by inner node and leaf."""

from typing import Any

import numpy as np

from backend.numerics.trees.forest import DEFAULT_LEFT, MISSING_NAN, Floats, Ints, Tree
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.xgboost_fields import numbers, wholes


class CategoricalSplit(ValueError):
    """A split by categories, which Tiltyard does not serve."""


def read_tree(raw: Any, number: int, features: int, limits: TreeLimits, weight: np.float32) -> Tree:
    """Return the tree as XGBoost would walk it. Raises `MalformedTrees`, with the place; `CategoricalSplit`.

    XGBoost goes left where x < threshold, both in single precision; ours goes left where x <= threshold, so the threshold is the next smaller float32. Leaves
    are multiplied by `weight` in single precision, as XGBoost does with dropped trees.
    """
    try:
        return _read(raw, features, limits, weight)
    except MalformedTrees as error:
        raise MalformedTrees(f"tree {number}: {error}") from None


def _read(raw: Any, features: int, limits: TreeLimits, weight: np.float32) -> Tree:
    if not isinstance(raw, dict):
        raise MalformedTrees("it is no object.")
    count = len(numbers(raw.get("left_children"), "left_children"))
    if not 1 <= count <= 2 * limits.leaves:
        raise MalformedTrees(f"{count} nodes; 1 to {2 * limits.leaves} are allowed.")
    left, right = (wholes(raw.get(name), name, -1, count) for name in ("left_children", "right_children"))
    arrays = {name: numbers(raw.get(name), name) for name in ("split_indices", "split_conditions", "default_left", "sum_hessian")}
    if {len(right), *map(len, arrays.values())} != {count}:
        raise MalformedTrees("its arrays do not agree in length.")
    if np.any(numbers(raw.get("split_type", []), "split_type") != 0):
        raise CategoricalSplit
    order = _reached(left, right, limits.depth)
    inner, leaves = order[left[order] >= 0], order[left[order] < 0]
    with np.errstate(over="ignore"):
        conditions, cover = (arrays[name].astype(np.float32) for name in ("split_conditions", "sum_hessian"))
    if not np.isfinite(conditions[order]).all() or not np.isfinite(cover[order]).all():
        raise MalformedTrees("a threshold, leaf or cover is not a finite number.")
    place = np.zeros(count, dtype=np.int64)
    place[inner], place[leaves] = np.arange(len(inner)), -np.arange(len(leaves)) - 1
    by_default = np.where(arrays["default_left"][inner] != 0, DEFAULT_LEFT, 0)
    return Tree(
        feature=wholes(arrays["split_indices"][inner], "split_indices", 0, features),
        threshold=below(conditions[inner]),
        decision=(by_default | (MISSING_NAN << 2)).astype(np.int64),
        left=place[left[inner]],
        right=place[right[inner]],
        leaf_value=(conditions[leaves] * weight).astype(np.float64),
        leaf_count=cover[leaves].astype(np.float64),
        node_count=cover[inner].astype(np.float64),
        category_starts=np.empty(0, dtype=np.int64),
        category_bits=np.empty(0, dtype=np.uint32),
    )


def below(thresholds: "np.ndarray[tuple[int], np.dtype[np.float32]]") -> Floats:
    """Return the next smaller float32 of each, so that `x <= below(t)` is `x < t` for every float32 x.

    >>> below(np.array([1.0], dtype=np.float32)).tolist()
    [0.9999999403953552]
    """
    return np.nextafter(thresholds, np.float32(-np.inf)).astype(np.float64)


def _reached(left: Ints, right: Ints, depth: int) -> Ints:
    """Return the nodes under the root, level by level, each reached once. Pruning leaves behind leaves without a parent."""
    if np.any((left < 0) != (right < 0)):
        raise MalformedTrees("a node has one child.")
    inner = np.flatnonzero(left >= 0)
    children = np.concatenate([left[inner], right[inner]])
    if np.any(children == 0) or len(np.unique(children)) != len(children):
        raise MalformedTrees("the children do not make one tree: a node is reached twice.")
    levels: list[Ints] = []
    level = np.zeros(1, dtype=np.int64)
    while len(level):
        if len(levels) > depth:
            raise MalformedTrees(f"a path is longer than {depth} splits.")
        levels.append(level)
        splits = level[left[level] >= 0]
        level = np.concatenate([left[splits], right[splits]])
    reached = np.concatenate(levels)
    if int((left[reached] >= 0).sum()) != len(inner):
        raise MalformedTrees("some splits are cut off from the root in a cycle of their own.")
    return reached
