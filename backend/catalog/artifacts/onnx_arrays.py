"""The arrays of ONNX tree ensembles, taken from a graph's nodes. Nothing is checked here."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from backend.numerics.trees.forest import Ints

if TYPE_CHECKING:
    from onnx import AttributeProto, NodeProto

LABELS = ("classlabels_int64s", "classlabels_strings")


@dataclass(frozen=True)
class ClassicArrays:
    """TreeEnsembleClassifier or -Regressor (`name`): one entry per node, and one per weight of a leaf. Arrays that are only counted are given as lengths.

    `optional` are the lengths of arrays that may be absent; `prefix` is what the weights' arrays begin with, `class` or `target`.
    """

    name: str
    trees: Ints
    nodes: Ints
    features: Ints
    true: Ints
    false: Ints
    modes: tuple[bytes, ...]
    values: int
    optional: dict[str, int]
    prefix: str
    weight_trees: Ints
    weight_nodes: Ints
    weight_ids: Ints
    weights: int
    outputs: int

    @classmethod
    def of(cls, node: "NodeProto") -> "ClassicArrays":
        """Return the arrays of a node."""
        given = {entry.name: entry for entry in node.attribute}
        prefix = "class" if node.op_type == "TreeEnsembleClassifier" else "target"
        labels = next((given[name] for name in LABELS if name in given), None)
        targets = int(given["n_targets"].i) if "n_targets" in given else 1
        return cls(
            name=node.op_type,
            trees=_ints(given, "nodes_treeids"),
            nodes=_ints(given, "nodes_nodeids"),
            features=_ints(given, "nodes_featureids"),
            true=_ints(given, "nodes_truenodeids"),
            false=_ints(given, "nodes_falsenodeids"),
            modes=tuple(given["nodes_modes"].strings) if "nodes_modes" in given else (),
            values=_length(given, "nodes_values"),
            optional={name: _length(given, name) for name in ("nodes_missing_value_tracks_true", "nodes_hitrates") if name in given},
            prefix=prefix,
            weight_trees=_ints(given, f"{prefix}_treeids"),
            weight_nodes=_ints(given, f"{prefix}_nodeids"),
            weight_ids=_ints(given, f"{prefix}_ids"),
            weights=_length(given, f"{prefix}_weights"),
            outputs=(len(labels.ints) or len(labels.strings)) if labels is not None else targets,
        )


@dataclass(frozen=True)
class ModernArrays:
    """TreeEnsemble of ai.onnx.ml 5: separate arrays for inner nodes and leaves, trees as indices of roots. `lengths` are of arrays that are only counted."""

    features: Ints
    true: Ints
    true_leaf: Ints
    false: Ints
    false_leaf: Ints
    roots: Ints
    targets: Ints
    weights: int
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, node: "NodeProto") -> "ModernArrays":
        """Return the arrays of a node."""
        given = {entry.name: entry for entry in node.attribute}
        return cls(
            features=_ints(given, "nodes_featureids"),
            true=_ints(given, "nodes_truenodeids"),
            true_leaf=_ints(given, "nodes_trueleafs"),
            false=_ints(given, "nodes_falsenodeids"),
            false_leaf=_ints(given, "nodes_falseleafs"),
            roots=_ints(given, "tree_roots"),
            targets=_ints(given, "leaf_targetids"),
            weights=_length(given, "leaf_weights"),
            lengths=(_length(given, "nodes_splits"), _length(given, "nodes_modes")),
        )


def _ints(given: "dict[str, AttributeProto]", name: str) -> Ints:
    return np.array(given[name].ints if name in given else [], dtype=np.int64)


def _length(given: "dict[str, AttributeProto]", name: str) -> int:
    """Return the count of numbers in an attribute: a list, or a tensor (`…_as_tensor` for doubles)."""
    for found in (given.get(name), given.get(f"{name}_as_tensor")):
        if found is not None:
            return len(found.floats) or len(found.ints) or int(np.prod(list(found.t.dims), dtype=np.int64) if found.HasField("t") else 0)
    return 0
