"""Our own reader of LightGBM's text format."""

import re

import numpy as np
import pytest

from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.lightgbm_text import Limits, read_lightgbm
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


TEXT = train(rounds=3, objective="binary").model_to_string()


def edited(pattern: str, replacement: str) -> bytes:
    """The model with one edit, and tree sizes put right so that only the edit is wrong."""
    text = re.sub(pattern, replacement, TEXT, count=1, flags=re.MULTILINE)
    assert text != TEXT
    blocks = re.split(r"(?=^Tree=)|(?=^end of trees)", text, flags=re.MULTILINE)
    sizes = " ".join(str(len(block.encode())) for block in blocks if block.startswith("Tree="))
    return re.sub(r"^tree_sizes=.*$", f"tree_sizes={sizes}", text, flags=re.MULTILINE).encode()


TAMPERED = {
    "child out of range": (r"^left_child=\S+", "left_child=77", "outside the tree"),
    "child far below zero": (r"^left_child=\S+", "left_child=-99", "outside the tree"),
    "child reached twice": (r"^right_child=(\S+)", "right_child=-1", "reached twice"),
    "cycle": (r"^left_child=\S+", "left_child=0", "reached twice"),
    "feature out of range": (r"^split_feature=\S+", "split_feature=5", "max_feature_idx"),
    "negative feature": (r"^split_feature=\S+", "split_feature=-1", "max_feature_idx"),
    "one threshold short": (r"^threshold=\S+ ", "threshold=", "entries"),
    "one leaf value short": (r"^leaf_value=\S+ ", "leaf_value=", "entries"),
    "leaf value not finite": (r"^leaf_value=\S+", "leaf_value=1e999", "too large"),
    "leaf value a word": (r"^leaf_value=\S+", "leaf_value=nan", "numbers"),
    "huge leaf count": (r"^num_leaves=\S+", "num_leaves=999999999", "are allowed"),
    "leaf count too small": (r"^num_leaves=\S+", "num_leaves=2", "entries"),
    "leaf count zero": (r"^num_leaves=\S+", "num_leaves=0", "are allowed"),
    "unknown decision": (r"^decision_type=\S+", "decision_type=255", "decision_type"),
    "categories without sets": (r"^cat_boundaries=.*\n", "", "cat_boundaries"),
    "category set out of range": (r"^cat_boundaries=0 \d+", "cat_boundaries=0 9999", "cat_boundaries"),
    "category word too wide": (r"^cat_threshold=\S+", "cat_threshold=99999999999", "32-bit"),
    "repeated key": (r"^(num_leaves=.*\n)", r"\1\1", "no place"),
    "negative cover": (r"^leaf_count=\S+", "leaf_count=-4", "counts"),
    "fewer features than names": (r"^max_feature_idx=4", "max_feature_idx=3", "feature_names"),
    "feature count huge": (r"^max_feature_idx=4", "max_feature_idx=99999999", "features"),
    "another version": (r"^version=v4", "version=v9", "version"),
    "pandas categories not JSON": (r"^pandas_categorical:null", "pandas_categorical:[", "JSON"),
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_model_is_refused_for_what_is_wrong(case: str) -> None:
    pattern, replacement, said = TAMPERED[case]
    with pytest.raises(MalformedTrees, match=said):
        read_lightgbm(edited(pattern, replacement))


def test_a_cycle_apart_from_the_root_is_refused() -> None:
    """Every child appears once, yet two splits only point at each other."""
    text = (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nmax_feature_idx=0\nobjective=regression\nfeature_names=a\nfeature_infos=[0:1]\n"
        "tree_sizes={size}\n\n{tree}end of trees\n"
    )
    tree = (
        "Tree=0\nnum_leaves=4\nnum_cat=0\nsplit_feature=0 0 0\nthreshold=1 2 3\ndecision_type=2 2 2\nleft_child=-1 2 1\nright_child=-2 -3 -4\n"
        "leaf_value=1 2 3 4\nleaf_count=1 1 1 1\ninternal_count=4 2 2\nis_linear=0\nshrinkage=1\n\n\n"
    )
    with pytest.raises(MalformedTrees, match="cycle"):
        read_lightgbm(text.format(size=len(tree), tree=tree).encode())


def test_a_model_cut_off_anywhere_before_its_trees_end_is_refused() -> None:
    end = TEXT.index("end of trees")
    for cut in range(0, end, 97):
        with pytest.raises(MalformedTrees):
            read_lightgbm(TEXT[:cut].encode())


def test_random_bytes_changed_never_give_anything_but_a_forest_or_a_refusal() -> None:
    rng = np.random.default_rng(1)
    refused = 0
    for _ in range(300):
        content = bytearray(TEXT.encode())
        for position in rng.integers(0, len(content), 3):
            content[position] = rng.integers(0, 256)
        try:
            read_lightgbm(bytes(content))
        except MalformedTrees:
            refused += 1
    assert refused > 100


def test_limits_hold() -> None:
    with pytest.raises(MalformedTrees, match="positive sizes"):
        read_lightgbm(TEXT.encode(), Limits(trees=2))
    with pytest.raises(MalformedTrees, match="longer than 2 splits"):
        read_lightgbm(TEXT.encode(), Limits(depth=2))
    with pytest.raises(MalformedTrees, match="leaves in all"):
        read_lightgbm(TEXT.encode(), Limits(nodes=10))
