"""The nodes of ONNX tree ensembles, of old and new operators, and their trees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.forest import DEFAULT_LEFT, MISSING_NAN, Floats, Ints, Tree
from backend.numerics.trees.onnx_attributes import Attributes

MODES = ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ", "BRANCH_MEMBER"]
"""Modes, by their numbers in the operator `TreeEnsemble`."""
LEQ, LT, GTE, GT = range(4)


class UnclearGraph(ValueError):
    """The graph, or its ensemble, cannot be read as a forest; the message gives the reason."""


@dataclass(frozen=True)
class Nodes:
    """All nodes of all trees, leaves included, in one numbering. `left` is the child for `x <= threshold`, for any mode of the node."""

    leaf: NDArray[np.bool_]
    feature: Ints
    threshold: Floats
    nan_left: NDArray[np.bool_]
    left: Ints
    right: Ints
    cover: Floats
    value: Floats
    roots: Ints


def classic_nodes(attributes: Attributes, double: bool) -> tuple[Nodes, dict[tuple[int, int], int]]:
    """Return the nodes of a TreeEnsembleClassifier or -Regressor without their leaves' values, and the place of each (tree, node) id."""
    trees, numbers = attributes.ints("nodes_treeids"), attributes.ints("nodes_nodeids")
    places = {key: row for row, key in enumerate(zip(trees.tolist(), numbers.tolist(), strict=True))}
    modes = attributes.texts("nodes_modes")
    leaf = np.array([mode == "LEAF" for mode in modes])

    def children(name: str) -> Ints:
        said = zip(trees.tolist(), attributes.ints(name).tolist(), leaf.tolist(), strict=True)
        return np.array([-1 if end else places[tree, node] for tree, node, end in said], dtype=np.int64)

    mode = np.array([MODES.index(name) if name in MODES else 0 for name in modes])
    true, false = children("nodes_truenodeids"), children("nodes_falsenodeids")
    tracks = attributes.ints("nodes_missing_value_tracks_true")
    nodes = _turned(attributes, leaf, mode, true, false, tracks if len(tracks) else np.zeros(len(leaf), dtype=np.int64), double)
    below = np.concatenate([true[~leaf], false[~leaf]])
    roots = np.setdiff1d(np.arange(len(leaf)), below)
    return Nodes(leaf, attributes.ints("nodes_featureids"), *nodes, _covers(attributes.floats("nodes_hitrates"), leaf, true, false), np.empty(0), roots), places


def modern_nodes(attributes: Attributes, double: bool) -> Nodes:
    """Return the nodes of a TreeEnsemble (ai.onnx.ml 5). Its leaves are numbered after its inner nodes, and have no covers."""
    weights, count = attributes.floats("leaf_weights"), attributes.length("nodes_featureids")
    leaf = np.arange(count + len(weights)) >= count

    def children(side: str) -> Ints:
        said, end = attributes.ints(f"nodes_{side}nodeids"), attributes.ints(f"nodes_{side}leafs")
        return np.concatenate([said + np.where(end == 1, count, 0), np.full(len(weights), -1)])

    def padded(values: Ints) -> Ints:
        return np.concatenate([values, np.zeros(len(leaf) - len(values), dtype=np.int64)])

    mode, tracks = padded(attributes.floats("nodes_modes").astype(np.int64)), padded(attributes.ints("nodes_missing_value_tracks_true"))
    turned = _turned(attributes, leaf, mode, children("true"), children("false"), tracks, double)
    value = np.concatenate([np.zeros(count), weights])
    return Nodes(leaf, padded(attributes.ints("nodes_featureids")), *turned, np.zeros(len(leaf)), value, attributes.ints("tree_roots"))


def _turned(
    attributes: Attributes, leaf: NDArray[np.bool_], mode: Ints, true: Ints, false: Ints, tracks: Ints, double: bool
) -> tuple[Floats, NDArray[np.bool_], Ints, Ints]:
    """Return thresholds, the side of NaN, and children, ordered so that left is `x <= threshold`. NaN fails every comparison, unless the node sends it to the
    true branch.
    """
    if np.any(mode[~leaf] > GT):
        raise UnclearGraph("a split by equality or membership")
    given = attributes.floats("nodes_values") if "nodes_splits" not in attributes.given else attributes.floats("nodes_splits")
    given = np.concatenate([given, np.zeros(len(leaf) - len(given))])
    strict = np.isin(mode, (LT, GTE))
    under = np.nextafter(given, -np.inf) if double else np.nextafter(given.astype(np.float32), np.float32(-np.inf)).astype(np.float64)
    turned = np.isin(mode, (GTE, GT))
    left, right = np.where(turned, false, true), np.where(turned, true, false)
    return np.where(strict, under, given), (tracks == 1) ^ turned, left, right


def _covers(hitrates: Floats, leaf: NDArray[np.bool_], true: Ints, false: Ints) -> Floats:
    """Return the covers, if the file has some that add up (most writers put 1 everywhere); else zeros, which mean none."""
    if len(hitrates) != len(leaf) or np.any(hitrates <= 0):
        return np.zeros(len(leaf))
    inner = ~leaf
    apart = np.abs(hitrates[true[inner]] + hitrates[false[inner]] - hitrates[inner])
    return hitrates if np.all(apart <= 1e-5 * hitrates[inner]) else np.zeros(len(leaf))


def trees_of(nodes: Nodes) -> list[Tree]:
    """Return the trees, in the order of their roots."""
    place = np.zeros(len(nodes.leaf), dtype=np.int64)
    return [_tree(nodes, int(root), place) for root in nodes.roots]


def _tree(nodes: Nodes, root: int, place: Ints) -> Tree:
    levels: list[Ints] = []
    level = np.array([root])
    while len(level := level[~nodes.leaf[level]]):
        levels.append(level)
        level = np.concatenate([nodes.left[level], nodes.right[level]])
    inner = np.concatenate(levels) if levels else np.empty(0, dtype=np.int64)
    place[inner] = np.arange(len(inner))
    children = np.concatenate([nodes.left[inner], nodes.right[inner]])
    ends = nodes.leaf[children]
    numbered = np.where(ends, -np.cumsum(ends), place[children])
    leaves = children[ends] if len(inner) else np.array([root])
    return Tree(
        feature=nodes.feature[inner],
        threshold=nodes.threshold[inner],
        decision=(np.where(nodes.nan_left[inner], DEFAULT_LEFT, 0) | (MISSING_NAN << 2)).astype(np.int64),
        left=numbered[: len(inner)],
        right=numbered[len(inner) :],
        leaf_value=nodes.value[leaves],
        leaf_count=nodes.cover[leaves],
        node_count=nodes.cover[inner],
        category_starts=np.empty(0, dtype=np.int64),
        category_bits=np.empty(0, dtype=np.uint32),
    )
