"""The checks of ONNX tree ensembles, on their parsed arrays."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from backend.catalog.artifacts.onnx_arrays import ClassicArrays, ModernArrays
from backend.catalog.artifacts.onnx_trees import SharedSubtrees, check_classic, check_modern, check_roots
from backend.numerics.trees.lightgbm_fields import MalformedTrees


def ints(*values: int) -> Any:
    return np.array(values, dtype=np.int64)


CLASSIC = ClassicArrays(
    name="TreeEnsembleClassifier",
    trees=ints(0, 0, 0, 0, 0, 1, 1, 1),
    nodes=ints(0, 1, 2, 3, 4, 0, 1, 2),
    features=ints(0, 2, 0, 0, 0, 1, 0, 0),
    true=ints(1, 3, 0, 0, 0, 1, 0, 0),
    false=ints(2, 4, 0, 0, 0, 2, 0, 0),
    modes=(b"BRANCH_LEQ", b"BRANCH_LT", b"LEAF", b"LEAF", b"LEAF", b"BRANCH_GT", b"LEAF", b"LEAF"),
    values=8,
    optional={"nodes_hitrates": 8},
    prefix="class",
    weight_trees=ints(0, 0, 0, 1, 1),
    weight_nodes=ints(2, 3, 4, 1, 2),
    weight_ids=ints(0, 1, 0, 1, 0),
    weights=5,
    outputs=2,
)
"""Two sound trees of three and two leaves, on three features."""
MODERN = ModernArrays(
    features=ints(0, 2, 1),
    true=ints(1, 0, 3),
    true_leaf=ints(0, 1, 1),
    false=ints(2, 1, 4),
    false_leaf=ints(1, 1, 1),
    roots=ints(0, 2),
    targets=ints(0, 0, 0, 0, 0),
    weights=5,
    lengths=(3, 3),
)
"""The same two trees in the arrays of ai.onnx.ml 5."""


def test_the_sound_arrays_make_two_trees() -> None:
    assert check_classic(CLASSIC, 3) == (2, 5)
    assert check_classic(CLASSIC, None) == (2, 5)
    assert check_modern(MODERN, 3) == (2, 5)


def put(array: Any, at: int, value: int) -> Any:
    changed = array.copy()
    changed[at] = value
    return changed


MALFORMED: dict[str, tuple[ClassicArrays, str]] = {
    "child that is not there": (replace(CLASSIC, true=put(CLASSIC.true, 0, 999)), "not a node"),
    "child of another tree": (replace(CLASSIC, true=put(CLASSIC.true, 5, 4)), "not a node"),
    "cycle to the root": (replace(CLASSIC, true=put(CLASSIC.true, 0, 0)), "cycle"),
    "feature that is not there": (replace(CLASSIC, features=put(CLASSIC.features, 0, 3)), "does not take"),
    "negative feature": (replace(CLASSIC, features=put(CLASSIC.features, 0, -1)), "does not take"),
    "node id twice": (replace(CLASSIC, nodes=put(CLASSIC.nodes, 1, 0)), "twice"),
    "arrays that disagree": (replace(CLASSIC, values=7), "agree"),
    "hit rates that disagree": (replace(CLASSIC, optional={"nodes_hitrates": 7}), "nodes_hitrates"),
    "weight on a branch": (replace(CLASSIC, weight_nodes=put(CLASSIC.weight_nodes, 0, 0)), "not a leaf"),
    "weight on nothing": (replace(CLASSIC, weight_nodes=put(CLASSIC.weight_nodes, 0, 77)), "not a leaf"),
    "weight on no class": (replace(CLASSIC, weight_ids=put(CLASSIC.weight_ids, 0, 9)), "output"),
    "weights that disagree": (replace(CLASSIC, weights=4), "class_"),
    "unknown mode": (replace(CLASSIC, modes=(b"BRANCH_X", *CLASSIC.modes[1:])), "mode"),
    "no nodes": (replace(CLASSIC, trees=ints()), "agree"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_arrays_that_make_no_trees_are_refused_for_what_is_wrong(case: str) -> None:
    arrays, said = MALFORMED[case]
    with pytest.raises(MalformedTrees, match=said):
        check_classic(arrays, 3)


MODERN_MALFORMED: dict[str, tuple[ModernArrays, str]] = {
    "child that is not there": (replace(MODERN, true=put(MODERN.true, 0, 9)), "outside"),
    "leaf that is not there": (replace(MODERN, false=put(MODERN.false, 0, 9)), "outside"),
    "a leaf's mark that is none": (replace(MODERN, true_leaf=put(MODERN.true_leaf, 0, 2)), "outside"),
    "cycle to the root": (replace(MODERN, true=put(MODERN.true, 0, 0)), "reached twice"),
    "cycle of its own": (replace(MODERN, roots=ints(2), true=put(MODERN.true, 1, 0), true_leaf=ints(0, 0, 1)), "cycle"),
    "feature that is not there": (replace(MODERN, features=put(MODERN.features, 0, 3)), "does not take"),
    "arrays that disagree": (replace(MODERN, lengths=(3, 2)), "agree"),
    "weights that disagree": (replace(MODERN, weights=4), "agree"),
}


@pytest.mark.parametrize("case", MODERN_MALFORMED)
def test_newer_arrays_that_make_no_trees_are_refused_for_what_is_wrong(case: str) -> None:
    arrays, said = MODERN_MALFORMED[case]
    with pytest.raises(MalformedTrees, match=said):
        check_modern(arrays, 3)


def test_trees_that_share_a_subtree_are_named() -> None:
    """Two branches lead to the same split; following them ends, so it is no cycle."""
    with pytest.raises(SharedSubtrees):
        check_roots("TreeEnsembleRegressor", 5, np.array([[1, 2], [3, 4], [3, 4]]), np.array([0, 1, 2]), np.zeros(5, dtype=np.int64))


def test_splits_that_only_point_at_each_other_are_a_cycle() -> None:
    with pytest.raises(MalformedTrees, match="cycle"):
        check_roots("TreeEnsembleRegressor", 5, np.array([[2, 3], [1, 4]]), np.array([1, 2]), np.zeros(5, dtype=np.int64))


def check(arrays: ClassicArrays | ModernArrays) -> tuple[int, int]:
    return check_classic(arrays, 3) if isinstance(arrays, ClassicArrays) else check_modern(arrays, 3)


@pytest.mark.parametrize("arrays", [CLASSIC, MODERN], ids=["classic", "modern"])
def test_random_entries_never_give_anything_but_trees_or_a_refusal(arrays: ClassicArrays | ModernArrays) -> None:
    rng, refused = np.random.default_rng(2), 0
    names = [entry.name for entry in fields(arrays) if isinstance(getattr(arrays, entry.name), np.ndarray)]
    for _ in range(2000):
        name = names[int(rng.integers(len(names)))]
        changed = put(getattr(arrays, name), int(rng.integers(len(getattr(arrays, name)))), int(rng.integers(-3, 12)))
        try:
            found = (
                check_classic(replace(arrays, **{name: changed}), 3)
                if isinstance(arrays, ClassicArrays)
                else check_modern(replace(arrays, **{name: changed}), 3)
            )
            assert found == (2, 5)
        except (MalformedTrees, SharedSubtrees):
            refused += 1
    assert 500 < refused < 2000
