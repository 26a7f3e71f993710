"""Turns the tree ensemble of an ONNX graph into a forest, if the graph is little more than one. ONNX Runtime's float32 ensembles compare and add in float32;
the forest adds in float64. The graph was checked before. A graph that is not understood here is no error: its model gets estimated explanations.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from backend.numerics.trees.forest import Floats, Forest, Tree
from backend.numerics.trees.onnx_attributes import Attributes
from backend.numerics.trees.onnx_nodes import UnclearGraph, classic_nodes, modern_nodes, trees_of
from backend.numerics.trees.onnx_steps import reading

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

CLASSIC = ("TreeEnsembleClassifier", "TreeEnsembleRegressor")
PASS_THROUGH_NODES = ("ZipMap", "Identity", "Cast")
Link = Literal["identity", "logistic"]


@dataclass(frozen=True)
class OnnxForest:
    """The forest, and the operation on its output."""

    forest: Forest
    link: Link


def onnx_forest(model: "ModelProto", output: str, features: list[str], *, first: bool = False) -> OnnxForest:
    """Return the forest behind an output of a model with these features. Raises `UnclearGraph` for any other graph. With two classes it gives the second's
    score, or the first's if `first` is set.
    """
    node = _ensemble(model, output)
    read, double = reading(model, node.input[0], len(features))
    attributes = Attributes.of(node)
    trees, start, link = (_classic if node.op_type in CLASSIC else _modern)(node.op_type, attributes, double)
    scale = 1.0
    if attributes.text("aggregate_function", "SUM") == "AVERAGE" or (node.op_type == "TreeEnsemble" and attributes.integer("aggregate_function", 1) == 0):
        scale = 1.0 / len(trees)
    if any(np.any((tree.feature < 0) | (tree.feature >= len(features))) for tree in trees):
        raise UnclearGraph("a feature beyond those of the input")
    found = OnnxForest(Forest(tuple(trees), features, "", start=start / scale, scale=scale, read=read), link)
    return _of_other_class(found) if first else found


def _of_other_class(found: OnnxForest) -> OnnxForest:
    """Return the forest of the other one of two classes: the negative of a margin, or 1 minus a share."""
    forest = found.forest
    trees = tuple(replace(tree, leaf_value=-tree.leaf_value) for tree in forest.trees)
    start = -forest.start + (1 / forest.scale if found.link == "identity" else 0.0)
    return OnnxForest(replace(forest, trees=trees, start=start), found.link)


def _ensemble(model: "ModelProto", output: str) -> "NodeProto":
    """Return the ensemble that the output takes its scores from."""
    makers = {name: (node, place) for node in model.graph.node for place, name in enumerate(node.output)}
    for _ in range(len(makers) + 1):
        if output not in makers:
            break
        node, place = makers[output]
        if node.op_type in CLASSIC or node.op_type == "TreeEnsemble":
            if place != (1 if node.op_type == CLASSIC[0] else 0):
                break
            return node  # type: ignore[no-any-return]  # protobuf's are untyped
        if node.op_type not in PASS_THROUGH_NODES:
            break
        output = node.input[0]
    raise UnclearGraph("the output is not that of a tree ensemble alone")


def _classic(kind: str, attributes: Attributes, double: bool) -> tuple[list[Tree], float, Link]:
    nodes, ids = classic_nodes(attributes, double)
    prefix = "class" if kind == CLASSIC[0] else "target"
    weights, of = attributes.floats(f"{prefix}_weights"), attributes.ints(f"{prefix}_ids")
    rows = np.array([ids[key] for key in zip(attributes.ints(f"{prefix}_treeids").tolist(), attributes.ints(f"{prefix}_nodeids").tolist(), strict=True)])
    post = attributes.text("post_transform", "NONE")
    if attributes.text("aggregate_function", "SUM") not in ("SUM", "AVERAGE"):
        raise UnclearGraph("trees that are not added")
    sign = _signs(prefix, attributes, of, post)
    values = np.zeros(len(nodes.leaf))
    np.add.at(values, rows, weights * sign(of))
    base = attributes.floats("base_values")
    start = float((base * (sign(np.arange(len(base))) if len(base) > 1 else 1.0)).sum()) if len(base) else 0.0
    return trees_of(replace(nodes, value=values)), start, _link(post)


def _signs(prefix: str, attributes: Attributes, of: "np.ndarray[tuple[int], np.dtype[np.int64]]", post: str) -> Callable[..., Floats]:
    """Return the factor of each output's weights in the score. Of two classes the second counts; under softmax the first is subtracted."""
    outputs = (
        max(attributes.length("classlabels_int64s"), attributes.length("classlabels_strings")) if prefix == "class" else attributes.integer("n_targets", 1)
    )
    if outputs > 2:
        raise UnclearGraph("several scores")
    if outputs == 1 or len(np.unique(of)) == 1:  # if only one of two classes has weights, it is the second
        return lambda which: np.ones(len(which))
    return lambda which: np.where(which == 1, 1.0, -1.0 if post == "SOFTMAX" else 0.0)


def _modern(kind: str, attributes: Attributes, double: bool) -> tuple[list[Tree], float, Link]:
    if attributes.integer("n_targets", 1) != 1 or attributes.integer("aggregate_function", 1) not in (0, 1):
        raise UnclearGraph("several scores, or trees that are not added")
    post = {0: "NONE", 1: "SOFTMAX", 2: "LOGISTIC"}.get(attributes.integer("post_transform", 0), "other")
    return trees_of(modern_nodes(attributes, double)), 0.0, _link("other" if post == "SOFTMAX" else post)


def _link(post: str) -> Link:
    if post == "NONE":
        return "identity"
    if post in ("LOGISTIC", "SOFTMAX"):
        return "logistic"
    raise UnclearGraph(f"the transform {post}")
