"""The tree ensembles inside an ONNX graph: arrays that agree, children in range, no cycles."""

from typing import TYPE_CHECKING

import numpy as np

from backend.catalog.artifacts.onnx_arrays import ClassicArrays, ModernArrays
from backend.numerics.trees.forest import Ints
from backend.numerics.trees.lightgbm_fields import MalformedTrees

if TYPE_CHECKING:
    from onnx import GraphProto

CLASSIC = {"TreeEnsembleClassifier", "TreeEnsembleRegressor"}
BRANCHES = {b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GTE", b"BRANCH_GT", b"BRANCH_EQ", b"BRANCH_NEQ"}
MAX_NODES = 5_000_000


class SharedSubtrees(ValueError):
    """Two branches lead to one subtree. ONNX permits this, but a forest of trees has none."""


def check_trees(graph: "GraphProto", features: int) -> tuple[int | None, int | None]:
    """Return the counts of trees and leaves in the graph (None without an ensemble). Raises `MalformedTrees`, `SharedSubtrees`.

    Feature indices are checked against `features` only when the ensemble reads the graph's input itself: a step before it may widen it.
    """
    inputs = {entry.name for entry in graph.input}
    found = []
    for node in graph.node:
        held = features if node.input and node.input[0] in inputs else None
        if node.op_type in CLASSIC:
            found.append(check_classic(ClassicArrays.of(node), held))
        elif node.op_type == "TreeEnsemble":
            found.append(check_modern(ModernArrays.of(node), held))
    return (sum(trees for trees, _ in found), sum(leaves for _, leaves in found)) if found else (None, None)


def check_classic(arrays: ClassicArrays, features: int | None) -> tuple[int, int]:
    """Return the counts of trees and leaves in the arrays. `features` is the model's width, when known. Raises `MalformedTrees`, `SharedSubtrees`."""
    name, count = arrays.name, len(arrays.trees)
    modes = np.array(arrays.modes, dtype=object)
    lengths = {len(array) for array in (arrays.nodes, arrays.features, arrays.true, arrays.false, modes)} | {arrays.values}
    if not 1 <= count <= MAX_NODES or lengths != {count}:
        raise MalformedTrees(f"{name}: the nodes_* arrays do not agree in length.")
    for optional, length in arrays.optional.items():
        if length not in (0, count):
            raise MalformedTrees(f"{name}: {optional} does not agree with the other nodes_* arrays.")
    leaf = modes == b"LEAF"
    if not set(modes[~leaf]) <= BRANCHES:
        raise MalformedTrees(f"{name}: nodes_modes has an unknown mode.")
    _check_features(name, arrays.features[~leaf], features)
    rows = {key: row for row, key in enumerate(zip(arrays.trees.tolist(), arrays.nodes.tolist(), strict=True))}
    if len(rows) != count:
        raise MalformedTrees(f"{name}: a node id is used twice in a tree.")
    inner = np.flatnonzero(~leaf)
    children = [[rows.get((int(arrays.trees[row]), int(side[row])), -1) for side in (arrays.true, arrays.false)] for row in inner]
    roots = check_roots(name, count, np.array(children, dtype=np.int64).reshape(-1, 2), inner, arrays.trees)
    _check_weights(arrays, rows, leaf)
    return roots, int(leaf.sum())


def check_roots(name: str, count: int, children: Ints, inner: Ints, trees: Ints) -> int:
    """Check that each tree has one root, and every other node is the child of exactly one node. Following children then ends."""
    if np.any(children < 0):
        raise MalformedTrees(f"{name}: a child is not a node of its tree.")
    parents = np.bincount(children.ravel(), minlength=count)
    starts = np.flatnonzero(parents == 0)
    if parents.max(initial=0) > 1 and not _circular(count, children, inner):
        raise SharedSubtrees
    if parents.max(initial=0) > 1 or len(starts) != len(np.unique(trees)) or len(np.unique(trees[starts])) != len(starts):
        raise MalformedTrees(f"{name}: the children do not make trees: a node is reached twice, or a tree has no root of its own.")
    below = np.full((count, 2), -1, dtype=np.int64)
    below[inner] = children
    level, reached = starts, 0
    while len(level):
        reached += len(level)
        level = below[level].ravel()
        level = level[level >= 0]
    if reached != count:
        raise MalformedTrees(f"{name}: some nodes form a cycle that no root reaches.")
    return len(starts)


def _circular(count: int, children: Ints, inner: Ints) -> bool:
    """Return whether following children can go on forever. It repeatedly removes nodes whose parents are all removed; a rest is a cycle."""
    below = dict(zip(inner.tolist(), children.tolist(), strict=True))
    parents = np.bincount(children.ravel(), minlength=count)
    ready = np.flatnonzero(parents == 0).tolist()
    passed = 0
    while ready:
        passed += 1
        for child in below.get(ready.pop(), ()):
            parents[child] -= 1
            if parents[child] == 0:
                ready.append(child)
    return passed < count


def _check_weights(arrays: ClassicArrays, rows: dict[tuple[int, int], int], leaf: "np.ndarray[tuple[int], np.dtype[np.bool_]]") -> None:
    name, ids = arrays.name, arrays.weight_ids
    if len({len(arrays.weight_trees), len(arrays.weight_nodes), len(ids), arrays.weights}) != 1 or len(ids) == 0:
        raise MalformedTrees(f"{name}: the {arrays.prefix}_* arrays do not agree in length.")
    where = [rows.get(key, -1) for key in zip(arrays.weight_trees.tolist(), arrays.weight_nodes.tolist(), strict=True)]
    if min(where) < 0 or not leaf[where].all():
        raise MalformedTrees(f"{name}: a weight is given to something that is not a leaf.")
    if ids.min() < 0 or ids.max() >= arrays.outputs:
        raise MalformedTrees(f"{name}: a weight is given to an output that does not exist.")


def check_modern(arrays: ModernArrays, features: int | None) -> tuple[int, int]:
    """Return the counts of trees and leaves in the arrays. Raises `MalformedTrees`."""
    true, true_leaf, false, false_leaf, roots = arrays.true, arrays.true_leaf, arrays.false, arrays.false_leaf, arrays.roots
    count, leaves = len(arrays.features), len(arrays.targets)
    lengths = {len(true), len(true_leaf), len(false), len(false_leaf), *arrays.lengths}
    if not 1 <= count <= MAX_NODES or lengths != {count} or arrays.weights != leaves:
        raise MalformedTrees("TreeEnsemble: its arrays do not agree in length.")
    _check_features("TreeEnsemble", arrays.features, features)
    inner = np.concatenate([true[true_leaf == 0], false[false_leaf == 0], roots])
    ends = np.concatenate([true[true_leaf == 1], false[false_leaf == 1]])
    # A tree with a single leaf is stored as a node with that leaf as both children.
    if (
        np.any((inner < 0) | (inner >= count))
        or np.any((ends < 0) | (ends >= leaves))
        or len(true_leaf) + len(false_leaf) + len(roots) != len(inner) + len(ends)
    ):
        raise MalformedTrees("TreeEnsemble: a child points outside the ensemble.")
    if np.any(np.bincount(inner, minlength=count) != 1):
        raise MalformedTrees("TreeEnsemble: the children do not make trees: a node is reached twice, or never.")
    reached, level = 0, roots
    while len(level):
        reached += len(level)
        level = np.concatenate([true[level][true_leaf[level] == 0], false[level][false_leaf[level] == 0]])
    if reached != count:
        raise MalformedTrees("TreeEnsemble: some nodes form a cycle that no root reaches.")
    return len(roots), leaves


def _check_features(name: str, column: Ints, features: int | None) -> None:
    if len(column) and (column.min() < 0 or (features is not None and column.max() >= features)):
        raise MalformedTrees(f"{name}: nodes_featureids names a feature that the model does not take.")
