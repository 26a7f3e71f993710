"""One tree of a LightGBM text file, from its parsed fields. Every array is checked, because LightGBM itself trusts them."""

import numpy as np

from backend.numerics.trees.forest import CATEGORICAL, Tree
from backend.numerics.trees.lightgbm_fields import Fields, MalformedTrees
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.shape import check_structure


def tree_of(fields: Fields, features: int, limits: TreeLimits) -> Tree:
    """Return the tree of one `Tree=` block's fields, for a model with this number of features. Raises `MalformedTrees` with the place."""
    where = fields.where
    leaves = fields.integer("num_leaves")
    if not 1 <= leaves <= limits.leaves:
        raise MalformedTrees(f"{where}: {leaves} leaves; 1 to {limits.leaves} are allowed.")
    inner = leaves - 1
    tree = Tree(
        feature=fields.integers("split_feature", inner),
        threshold=fields.floats("threshold", inner),
        decision=fields.integers("decision_type", inner),
        left=fields.integers("left_child", inner),
        right=fields.integers("right_child", inner),
        leaf_value=fields.floats("leaf_value", leaves),
        leaf_count=_counts(fields, "leaf_count", leaves),
        node_count=_counts(fields, "internal_count", inner),
        category_starts=fields.integers("cat_boundaries", missing=True),
        category_bits=_bits(fields),
        linear=fields.text.get("is_linear", "0") == "1",
    )
    for name, length in {"split_gain": inner, "internal_value": inner, "internal_weight": inner, "leaf_weight": leaves}.items():
        fields.floats(name, length if leaves > 1 else None, missing=True)
    if np.any((tree.feature < 0) | (tree.feature >= features)):
        raise MalformedTrees(f"{where}: `split_feature` names a feature beyond max_feature_idx.")
    if np.any((tree.decision < 0) | (tree.decision > 11)):
        raise MalformedTrees(f"{where}: `decision_type` has a value LightGBM does not write.")
    check_structure(tree.left, tree.right, leaves, where, limits.depth)
    _check_categories(fields, tree, where)
    if tree.linear:
        _check_linear(fields, leaves, features, where)
    return tree


def _counts(fields: Fields, name: str, length: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return counts, or ones if the file has none (a single leaf)."""
    values = fields.integers(name, missing=True)
    if len(values) == 0:
        return np.zeros(length)
    if len(values) != length or values.min() < 0:
        raise MalformedTrees(f"{fields.where}: `{name}` must be {length} counts.")
    return values.astype(np.float64)


def _bits(fields: Fields) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    values = fields.integers("cat_threshold", missing=True)
    if len(values) and (values.min() < 0 or values.max() > 0xFFFFFFFF):
        raise MalformedTrees(f"{fields.where}: `cat_threshold` must be 32-bit words.")
    return values.astype(np.uint32)


def _check_categories(fields: Fields, tree: Tree, where: str) -> None:
    sets = fields.integer("num_cat")
    starts = tree.category_starts
    indices = tree.threshold[(tree.decision & CATEGORICAL) == CATEGORICAL]
    if sets < 0 or len(starts) != (sets + 1 if sets else 0) or (sets == 0 and len(tree.category_bits)):
        raise MalformedTrees(f"{where}: `num_cat` and `cat_boundaries` do not fit each other.")
    if sets and (starts[0] != 0 or np.any(np.diff(starts) < 1) or starts[-1] != len(tree.category_bits)):
        raise MalformedTrees(f"{where}: `cat_boundaries` must rise from 0 to the length of `cat_threshold`.")
    if np.any((indices != np.floor(indices)) | (indices < 0) | (indices >= sets)):
        raise MalformedTrees(f"{where}: a categorical split names a category set that is not there.")


def _check_linear(fields: Fields, leaves: int, features: int, where: str) -> None:
    fields.floats("leaf_const", leaves)
    counts = fields.integers("num_features", leaves)
    named = fields.integers("leaf_features", loose=True)
    slopes = fields.floats("leaf_coeff", loose=True)
    if counts.min() < 0 or len(named) != counts.sum() or len(slopes) != counts.sum():
        raise MalformedTrees(f"{where}: `num_features`, `leaf_features` and `leaf_coeff` do not fit each other.")
    if np.any((named < 0) | (named >= features)):
        raise MalformedTrees(f"{where}: `leaf_features` names a feature beyond max_feature_idx.")
