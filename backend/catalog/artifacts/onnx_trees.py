"""The tree ensembles inside an ONNX graph: arrays that agree, children in range, no cycles."""

from typing import TYPE_CHECKING

import numpy as np

from backend.numerics.trees.forest import Ints
from backend.numerics.trees.lightgbm_fields import MalformedTrees

if TYPE_CHECKING:
    from onnx import AttributeProto, GraphProto, NodeProto

CLASSIC = {"TreeEnsembleClassifier", "TreeEnsembleRegressor"}
BY_NODE = ["nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_truenodeids", "nodes_falsenodeids"]
BRANCHES = {b"BRANCH_LEQ", b"BRANCH_LT", b"BRANCH_GTE", b"BRANCH_GT", b"BRANCH_EQ", b"BRANCH_NEQ"}
MAX_NODES = 5_000_000


class SharedSubtrees(ValueError):
    """Two branches lead to one subtree, which ONNX permits and no forest of trees has."""


def check_trees(graph: "GraphProto", features: int) -> tuple[int | None, int | None]:
    """How many trees and leaves the graph has (None without an ensemble). Raises `MalformedTrees` for one that is not sound, `SharedSubtrees`.

    Feature indices are held to `features` only where the ensemble reads the graph's input itself: a step before it may widen it.
    """
    inputs = {entry.name for entry in graph.input}
    found = [_check_classic(node, features if node.input[0] in inputs else None) for node in graph.node if node.op_type in CLASSIC]
    found += [_check_modern(node, features if node.input[0] in inputs else None) for node in graph.node if node.op_type == "TreeEnsemble"]
    return (sum(trees for trees, _ in found), sum(leaves for _, leaves in found)) if found else (None, None)


def _check_classic(node: "NodeProto", features: int | None) -> tuple[int, int]:
    attributes = {entry.name: entry for entry in node.attribute}
    arrays = {name: _ints(attributes, name) for name in BY_NODE}
    count = len(arrays["nodes_treeids"])
    modes = np.array(attributes["nodes_modes"].strings if "nodes_modes" in attributes else [], dtype=object)
    values = _values(attributes, "nodes_values")
    if not 1 <= count <= MAX_NODES or {len(array) for array in arrays.values()} | {len(modes), values} != {count}:
        raise MalformedTrees(f"{node.op_type}: the nodes_* arrays do not agree in length.")
    for optional in ("nodes_missing_value_tracks_true", "nodes_hitrates"):
        if optional in attributes and _values(attributes, optional) not in (0, count):
            raise MalformedTrees(f"{node.op_type}: {optional} does not agree with the other nodes_* arrays.")
    leaf = modes == b"LEAF"
    if not set(modes[~leaf]) <= BRANCHES:
        raise MalformedTrees(f"{node.op_type}: nodes_modes has a mode that is not known.")
    _check_features(node.op_type, arrays["nodes_featureids"][~leaf], features)
    rows = {key: row for row, key in enumerate(zip(arrays["nodes_treeids"].tolist(), arrays["nodes_nodeids"].tolist(), strict=True))}
    if len(rows) != count:
        raise MalformedTrees(f"{node.op_type}: a node id is used twice in a tree.")
    inner = np.flatnonzero(~leaf)
    children = [[rows.get((int(arrays["nodes_treeids"][row]), int(arrays[side][row])), -1) for side in BY_NODE[3:]] for row in inner]
    roots = _roots(node.op_type, count, np.array(children, dtype=np.int64).reshape(-1, 2), inner, arrays["nodes_treeids"])
    _check_weights(node.op_type, attributes, rows, leaf)
    return roots, int(leaf.sum())


def _roots(name: str, count: int, children: Ints, inner: Ints, trees: Ints) -> int:
    """One root a tree, and every other node the child of exactly one: then following children ends."""
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
        raise MalformedTrees(f"{name}: some nodes are cut off from the root in a cycle of their own.")
    return len(starts)


def _circular(count: int, children: Ints, inner: Ints) -> bool:
    """Whether following children never ends somewhere: nodes whose parents are all passed are passed, until none is left."""
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


def _check_weights(
    name: str, attributes: "dict[str, AttributeProto]", rows: dict[tuple[int, int], int], leaf: "np.ndarray[tuple[int], np.dtype[np.bool_]]"
) -> None:
    kind = "class" if name == "TreeEnsembleClassifier" else "target"
    trees, nodes, ids = (_ints(attributes, f"{kind}_{part}") for part in ("treeids", "nodeids", "ids"))
    if len({len(trees), len(nodes), len(ids), _values(attributes, f"{kind}_weights")}) != 1 or len(trees) == 0:
        raise MalformedTrees(f"{name}: the {kind}_* arrays do not agree in length.")
    where = [rows.get(key, -1) for key in zip(trees.tolist(), nodes.tolist(), strict=True)]
    if min(where) < 0 or not leaf[where].all():
        raise MalformedTrees(f"{name}: a weight is given to something that is not a leaf.")
    labels = [entry for entry in ("classlabels_int64s", "classlabels_strings") if entry in attributes]
    outputs = (
        len(attributes[labels[0]].ints) or len(attributes[labels[0]].strings) if labels else int(attributes["n_targets"].i) if "n_targets" in attributes else 1
    )
    if ids.min() < 0 or ids.max() >= outputs:
        raise MalformedTrees(f"{name}: a weight is given to an output that is not there.")


def _check_modern(node: "NodeProto", features: int | None) -> tuple[int, int]:
    """`TreeEnsemble` of ai.onnx.ml 5: inner nodes and leaves in arrays of their own, trees as indices of roots."""
    attributes = {entry.name: entry for entry in node.attribute}
    names = ["nodes_featureids", "nodes_truenodeids", "nodes_trueleafs", "nodes_falsenodeids", "nodes_falseleafs"]
    column, true, true_leaf, false, false_leaf = (_ints(attributes, name) for name in names)
    roots, targets = _ints(attributes, "tree_roots"), _ints(attributes, "leaf_targetids")
    count, leaves = len(column), len(targets)
    lengths = {len(true), len(true_leaf), len(false), len(false_leaf), _values(attributes, "nodes_splits"), _values(attributes, "nodes_modes")}
    if not 1 <= count <= MAX_NODES or lengths != {count} or _values(attributes, "leaf_weights") != leaves:
        raise MalformedTrees("TreeEnsemble: its arrays do not agree in length.")
    _check_features("TreeEnsemble", column, features)
    inner = np.concatenate([true[true_leaf == 0], false[false_leaf == 0], roots])
    ends = np.concatenate([true[true_leaf == 1], false[false_leaf == 1]])
    # A tree of one leaf is written as a node whose two children are that leaf.
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
        raise MalformedTrees("TreeEnsemble: some nodes are cut off from the roots in a cycle of their own.")
    return len(roots), leaves


def _check_features(name: str, column: Ints, features: int | None) -> None:
    if len(column) and (column.min() < 0 or (features is not None and column.max() >= features)):
        raise MalformedTrees(f"{name}: nodes_featureids names a feature the model does not take.")


def _ints(attributes: "dict[str, AttributeProto]", name: str) -> Ints:
    return np.array(attributes[name].ints if name in attributes else [], dtype=np.int64)


def _values(attributes: "dict[str, AttributeProto]", name: str) -> int:
    """How many numbers an attribute holds, as a list or as a tensor (`…_as_tensor` for doubles)."""
    for found in (attributes.get(name), attributes.get(f"{name}_as_tensor")):
        if found is not None:
            return len(found.floats) or len(found.ints) or int(np.prod(list(found.t.dims), dtype=np.int64) if found.HasField("t") else 0)
    return 0
