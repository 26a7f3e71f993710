"""Our own reader of LightGBM's text format. What no library would write is tried on its parsed fields, never as a whole file."""

import numpy as np
import pytest

from backend.numerics.trees.forest import Tree
from backend.numerics.trees.lightgbm_fields import Fields, MalformedTrees
from backend.numerics.trees.lightgbm_text import check_header, read_lightgbm, read_tail, read_tree
from backend.numerics.trees.lightgbm_tree import tree_of
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.shape import check_structure
from tests.backend.numerics.models import SHAPES, train


@pytest.mark.parametrize("shape", SHAPES)
def test_what_lightgbm_writes_is_read_whole(shape: str) -> None:
    booster = train(**SHAPES[shape])
    forest = read_lightgbm(booster.model_to_string().encode())
    dump = booster.dump_model()
    assert forest.features == dump["feature_names"]
    assert [tree.leaves for tree in forest.trees] == [tree["num_leaves"] for tree in dump["tree_info"]]
    assert forest.parameters["boosting"] == SHAPES[shape].get("boosting", "gbdt")


def test_linear_trees_are_read_and_named_linear() -> None:
    booster = train(objective="regression", linear_tree=True, categorical=False)
    assert read_lightgbm(booster.model_to_string().encode()).linear


SOUND = {
    "num_leaves": "4", "num_cat": "1", "split_feature": "0 4 2", "threshold": "0.5 0 -1.5", "decision_type": "2 1 8", "left_child": "1 -1 -3",
    "right_child": "2 -2 -4", "leaf_value": "0.1 -0.2 0.3 0.4", "leaf_count": "4 3 2 1", "internal_count": "10 7 3", "cat_boundaries": "0 2",
    "cat_threshold": "5 1", "split_gain": "3 2 1", "internal_value": "0 0 0", "is_linear": "0", "shrinkage": "1",
}  # fmt: skip
"""The fields of one sound tree: three splits, the second by category, and four leaves."""
HEADER = {
    "version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "max_feature_idx": "4", "objective": "binary sigmoid:1",
    "feature_names": "a b c d e", "feature_infos": "[0:1] [0:1] [0:1] [0:1] 0:1:2", "tree_sizes": "400 390",
}  # fmt: skip


def fields(**changed: str | None) -> Fields:
    """The sound tree's fields with some changed; None leaves one out."""
    return Fields({name: text for name, text in (SOUND | changed).items() if text is not None}, set(), "tree 0")


def test_the_sound_fields_make_a_tree() -> None:
    tree = tree_of(fields(), 5, TreeLimits())
    assert (tree.leaves, tree.left.tolist(), tree.category_bits.tolist()) == (4, [1, -1, -3], [5, 1])


MALFORMED: dict[str, tuple[dict[str, str | None], str]] = {
    "child out of range": ({"left_child": "77 -1 -3"}, "outside the tree"),
    "child far below zero": ({"left_child": "-99 -1 -3"}, "outside the tree"),
    "child reached twice": ({"right_child": "1 -2 -4"}, "reached twice"),
    "child is the root": ({"left_child": "0 -1 -3"}, "reached twice"),
    "feature out of range": ({"split_feature": "5 4 2"}, "max_feature_idx"),
    "negative feature": ({"split_feature": "-1 4 2"}, "max_feature_idx"),
    "one threshold short": ({"threshold": "0.5 0"}, "entries"),
    "one leaf value short": ({"leaf_value": "0.1 -0.2 0.3"}, "entries"),
    "leaf value not finite": ({"leaf_value": "1e999 0 0 0"}, "too large"),
    "leaf value a word": ({"leaf_value": "nan 0 0 0"}, "numbers"),
    "huge leaf count": ({"num_leaves": "999999999"}, "are allowed"),
    "leaf count too small": ({"num_leaves": "2"}, "entries"),
    "leaf count zero": ({"num_leaves": "0"}, "are allowed"),
    "leaf count a word": ({"num_leaves": "four"}, "whole number"),
    "no children": ({"left_child": None}, "missing"),
    "unknown decision": ({"decision_type": "255 1 8"}, "decision_type"),
    "categories without sets": ({"cat_boundaries": None}, "cat_boundaries"),
    "category set out of range": ({"cat_boundaries": "0 9999"}, "cat_boundaries"),
    "category set that is not there": ({"threshold": "0.5 3 -1.5"}, "categorical split"),
    "category word too wide": ({"cat_threshold": "99999999999 1"}, "32-bit"),
    "negative cover": ({"leaf_count": "-4 3 2 1"}, "counts"),
    "linear leaves without slopes": ({"is_linear": "1"}, "leaf_const"),
    "linear leaves of a feature beyond": (
        {"is_linear": "1", "leaf_const": "0 0 0 0", "num_features": "1 0 0 0", "leaf_features": "9", "leaf_coeff": "1"}, "leaf_features",
    ),
    "linear leaves that disagree": (
        {"is_linear": "1", "leaf_const": "0 0 0 0", "num_features": "2 0 0 0", "leaf_features": "1", "leaf_coeff": "1"}, "do not fit",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_fields_that_make_no_tree_are_refused_for_what_is_wrong(case: str) -> None:
    changed, said = MALFORMED[case]
    with pytest.raises(MalformedTrees, match=said):
        tree_of(fields(**changed), 5, TreeLimits())


HEADERS: dict[str, tuple[dict[str, str], str]] = {
    "fewer features than names": ({"max_feature_idx": "3"}, "feature_names"),
    "names that repeat": ({"feature_names": "a a c d e"}, "feature_names"),
    "feature count huge": ({"max_feature_idx": "99999999"}, "features"),
    "infos that do not fit": ({"feature_infos": "[0:1]"}, "feature_infos"),
    "another version": ({"version": "v9"}, "version"),
    "a size below one": ({"tree_sizes": "400 -1"}, "positive sizes"),
    "trees that do not fit the classes": ({"num_class": "2", "num_tree_per_iteration": "3"}, "do not fit each other"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_that_contradicts_itself_is_refused(case: str) -> None:
    changed, said = HEADERS[case]
    with pytest.raises(MalformedTrees, match=said):
        check_header(Fields(HEADER | changed, set(), "the header"), TreeLimits())


@pytest.mark.parametrize("block", [b"num_leaves=2\nnum_leaves=2\n", b"num_leaves\n", b"num_leaves=2\r\n", b"num_leaves=2\0\n"])
def test_lines_that_have_no_place_are_refused(block: bytes) -> None:
    with pytest.raises(MalformedTrees, match="no place"):
        Fields.of(block, "tree 0")


def test_pandas_categories_that_are_not_json_are_refused() -> None:
    with pytest.raises(MalformedTrees, match="JSON"):
        read_tail(b"\npandas_categorical:[\n")


def test_splits_that_only_point_at_each_other_are_a_cycle() -> None:
    """Every child appears once, yet two splits only point at each other."""
    with pytest.raises(MalformedTrees, match="cycle"):
        check_structure(np.array([-1, 2, 1]), np.array([-2, -3, -4]), 4, "tree 0", 10)


def test_a_block_cut_off_anywhere_is_refused() -> None:
    block = b"Tree=0\n" + b"".join(f"{name}={text}\n".encode() for name, text in SOUND.items()) + b"\n\n"
    assert read_tree(block, 0, 5, TreeLimits()).leaves == 4
    for cut in range(len(block) - 1):
        with pytest.raises(MalformedTrees, match="tree_sizes"):
            read_tree(block[:cut], 0, 5, TreeLimits())


def test_random_words_in_fields_never_give_anything_but_a_tree_or_a_refusal() -> None:
    """What passes is a tree that can be walked: following children from the root meets every leaf once."""
    rng = np.random.default_rng(1)
    words = ["-99", "-4", "-1", "0", "1", "2", "3", "4", "255", "4294967296", "1e999", "nan", "inf", "x", "", "0 1", "99999999999999999999"]
    refused = 0
    for _ in range(3000):
        changed: dict[str, str | None] = {}
        for name in rng.choice(list(SOUND), rng.integers(1, 3), replace=False).tolist():
            said = SOUND[name].split(" ")
            said[int(rng.integers(len(said)))] = words[int(rng.integers(len(words)))]
            changed[name] = " ".join(said)
        try:
            tree = tree_of(fields(**changed), 5, TreeLimits())
        except MalformedTrees:
            refused += 1
            continue
        assert leaves_under(tree, 0) == list(range(tree.leaves))
    assert 1000 < refused < 3000


def leaves_under(tree: Tree, node: int, depth: int = 0) -> list[int]:
    assert depth <= tree.leaves
    if node < 0:
        return [-node - 1]
    return sorted(leaves_under(tree, int(tree.left[node]), depth + 1) + leaves_under(tree, int(tree.right[node]), depth + 1))


def test_limits_hold() -> None:
    content = train(rounds=3, objective="binary").model_to_string().encode()
    with pytest.raises(MalformedTrees, match="positive sizes"):
        read_lightgbm(content, TreeLimits(trees=2))
    with pytest.raises(MalformedTrees, match="longer than 2 splits"):
        read_lightgbm(content, TreeLimits(depth=2))
    with pytest.raises(MalformedTrees, match="leaves in total"):
        read_lightgbm(content, TreeLimits(nodes=10))
