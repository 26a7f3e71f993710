"""Our own reader of XGBoost's files, and our own walk of its trees, beside XGBoost itself.

What XGBoost would not write is tried on the parsed arrays, never as a whole file.
"""

import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shap
import xgboost as xgb

from backend.numerics.attribution.compiled import CompiledExplainer
from backend.numerics.trees.forest import Tree
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.ubjson import read_ubjson
from backend.numerics.trees.xgboost_errors import UnsupportedTrees
from backend.numerics.trees.xgboost_header import Sections, base_score_of, booster_of, names_of, objective_name, width_of
from backend.numerics.trees.xgboost_json import read_json
from backend.numerics.trees.xgboost_model import read_xgboost, trees_of
from backend.numerics.trees.xgboost_tree import CategoricalSplit, read_tree
from backend.runtimes.xgboost_links import objective_of
from tests.backend.numerics import oracle
from tests.backend.numerics.models import table
from tests.backend.numerics.xgboost_models import KINDS, answered, saved, train_xgboost

ROWS = np.vstack([table(10, seed=4), np.zeros((1, 5)), np.full((1, 5), np.nan), [[0.5, -0.0, 1e-36, 7.0, -0.5]]])
BACKGROUND = table(25, seed=5)


@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_xgboost_writes_is_read_whole(kind: str, form: str) -> None:
    booster = train_xgboost(**KINDS[kind])
    model = read_xgboost(saved(booster, form))
    dump = booster.get_dump(dump_format="json")
    assert model.forest.features == booster.feature_names
    assert model.named
    assert [tree.leaves for tree in model.forest.trees] == [text.count('"leaf"') for text in dump]
    assert model.objective == KINDS[kind]["objective"]


def test_features_without_names_are_numbered() -> None:
    model = read_xgboost(saved(train_xgboost(named=False)))
    assert (model.forest.features, model.named) == (["f0", "f1", "f2", "f3", "f4"], False)


@pytest.mark.parametrize("written", ["2.5E-1", "[2.5E-1]"])
def test_the_base_score_is_read_in_its_old_and_its_new_form(written: str) -> None:
    assert base_score_of(written, "binary:logistic") == np.float32(0.25)


@pytest.mark.parametrize(("label", "start"), [(0.0, -13.81551), (1.0, 13.74516)])
def test_a_base_score_at_the_end_is_moved_inside_as_xgboost_does(label: float, start: float) -> None:
    """A segment without a default: XGBoost keeps the mean label, and answers."""
    data = xgb.DMatrix(ROWS[:5], label=np.full(5, label))
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, data, 2)
    model = read_xgboost(bytes(booster.save_raw("ubj")))
    assert objective_of(model.objective, model.base_score).start == pytest.approx(start, abs=1e-5)
    assert float(objective_of(model.objective, model.base_score).start) == booster.predict(data, output_margin=True)[0]


@pytest.mark.parametrize("kind", ["binary", "dropped trees", "pruned", "forest"])
def test_path_dependent_values_are_shapleys_over_all_subsets(kind: str) -> None:
    forest = read_xgboost(saved(train_xgboost(**KINDS[kind]))).forest
    explainer = CompiledExplainer.compile(forest)
    for row, found in zip(ROWS, explainer(ROWS), strict=True):
        base, expected = oracle.path_dependent(forest, forest.read(row[None, :])[0])
        assert np.abs(found - expected).max() < 1e-10
        assert explainer.base == pytest.approx(base, abs=1e-10)


@pytest.mark.parametrize("kind", ["binary", "dropped trees", "regression"])
def test_interventional_values_are_shapleys_over_all_subsets_of_xgboosts_own_answers(kind: str) -> None:
    booster = train_xgboost(**KINDS[kind])
    explainer = CompiledExplainer.compile(read_xgboost(saved(booster)).forest, BACKGROUND)
    values = explainer(ROWS)
    for row, found in zip(ROWS, values, strict=True):
        _, expected = oracle.interventional(lambda rows: answered(booster, rows, output_margin=True), row, BACKGROUND)
        assert np.abs(found - expected).max() < 1e-5  # XGBoost adds in single precision


@pytest.mark.parametrize("depth", [2, 6, 12])
def test_larger_models_agree_with_shap(depth: int) -> None:
    booster = train_xgboost(rounds=30, features=20, rows=2000, max_depth=depth, objective="binary:logistic")
    rows = table(100, features=20, seed=8)
    explainer = shap.TreeExplainer(booster, feature_perturbation="tree_path_dependent")
    theirs = explainer.shap_values(rows)
    assert np.abs(CompiledExplainer.compile(read_xgboost(saved(booster)).forest)(rows) - theirs).max() < 1e-4


BOOSTER = train_xgboost(rounds=3, objective="binary:logistic")
SOUND: dict[str, Any] = {
    "left_children": [1, 3, -1, -1, -1], "right_children": [2, 4, -1, -1, -1], "split_indices": [0, 1, 0, 0, 0],
    "split_conditions": [0.5, -1.0, 0.1, 0.2, 0.3], "default_left": [1, 0, 0, 0, 0], "sum_hessian": [9.0, 6.0, 3.0, 4.0, 2.0], "split_type": [0] * 5,
}  # fmt: skip
"""The arrays of one sound tree: two splits and three leaves."""


def put(name: str, at: int, value: Any) -> dict[str, Any]:
    """The sound tree with one entry changed."""
    return SOUND | {name: [*SOUND[name][:at], value, *SOUND[name][at + 1 :]]}


def one(raw: Any) -> Tree:
    return read_tree(raw, 0, 5, TreeLimits(), np.float32(1))


def test_the_sound_arrays_make_a_tree() -> None:
    assert (one(SOUND).leaves, one(SOUND).feature.tolist()) == (3, [0, 1])


MALFORMED: dict[str, tuple[Any, str]] = {
    "child out of range": (put("left_children", 0, 999), "left_children"),
    "child far below zero": (put("left_children", 0, -7), "left_children"),
    "child that is no whole number": (put("left_children", 0, 1.5), "whole numbers"),
    "child reached twice": (put("left_children", 0, 2), "reached twice"),
    "child is the root": (put("left_children", 0, 0), "reached twice"),
    "one child": (put("left_children", 0, -1), "one child"),
    "splits that only point at each other": (
        SOUND | {"left_children": [-1, 2, 1, -1, -1], "right_children": [-1, 3, 4, -1, -1]}, "cycle",
    ),
    "children that are no list": (SOUND | {"left_children": 7}, "left_children"),
    "no nodes": (SOUND | {"left_children": []}, "nodes"),
    "feature out of range": (put("split_indices", 0, 5), "split_indices"),
    "threshold not finite": (put("split_conditions", 0, 1e39), "finite"),
    "threshold a word": (put("split_conditions", 0, "x"), "numbers"),
    "threshold far too large": (put("split_conditions", 0, 10**400), "too large"),
    "an array too short": (SOUND | {"default_left": [1, 0, 0, 0]}, "length"),
    "covers missing": ({name: array for name, array in SOUND.items() if name != "sum_hessian"}, "sum_hessian"),
    "a tree that is none": (3, "object"),
}  # fmt: skip


@pytest.mark.parametrize("case", MALFORMED)
def test_arrays_that_make_no_tree_are_refused_for_what_is_wrong(case: str) -> None:
    raw, said = MALFORMED[case]
    with pytest.raises(MalformedTrees, match=said):
        one(raw)


def test_splits_by_category_are_not_served() -> None:
    with pytest.raises(CategoricalSplit):
        one(put("split_type", 0, 1))


def booster(said: Any) -> object:
    return booster_of(Sections({"learner": {"gradient_booster": said}}))


HEADERS: dict[str, tuple[Callable[[], object], str]] = {
    "no trees": (lambda: trees_of({"trees": []}, None, 5, TreeLimits()), "trees"),
    "trees no list": (lambda: trees_of({"trees": 7}, None, 5, TreeLimits()), "trees"),
    "a weight too few": (lambda: trees_of({"trees": [SOUND, SOUND]}, np.ones(1, dtype=np.float32), 5, TreeLimits()), "weight_drop"),
    "another booster": (lambda: booster({"name": "evil"}), "gbtree"),
    "no booster": (lambda: booster(None), "gradient_booster"),
    "no learner": (lambda: Sections({}).at("learner"), "learner"),
    "names that repeat": (lambda: names_of(["a"] * 5, 5), "different names"),
    "names that are no list": (lambda: names_of(5, 5), "different names"),
    "too many features": (lambda: width_of({"num_feature": "99999999"}, TreeLimits()), "features"),
    "features not a number": (lambda: width_of({"num_feature": [5]}, TreeLimits()), "num_feature"),
    "base scores": (lambda: base_score_of("[1E-1,2E-1]", "binary:logistic"), "one number"),
    "a base score without end": (lambda: base_score_of("inf", "reg:squarederror"), "finite"),
    "an objective without a name": (lambda: objective_name(7), "no name"),
}


@pytest.mark.parametrize("case", HEADERS)
def test_what_is_said_beside_the_trees_is_checked(case: str) -> None:
    read, said = HEADERS[case]
    with pytest.raises(MalformedTrees, match=said):
        read()


UNSERVED: dict[str, tuple[Callable[[], object], str]] = {
    "several classes": (lambda: width_of({"num_class": "3", "num_feature": "5"}, TreeLimits()), "3 numbers a row"),
    "several targets": (lambda: width_of({"num_target": "2", "num_feature": "5"}, TreeLimits()), "2 numbers a row"),
    "trees of several outputs": (lambda: trees_of({"trees": [SOUND, SOUND], "tree_info": [0, 1]}, None, 5, TreeLimits()), "several outputs"),
    "an unknown objective": (lambda: objective_name("multi:softprob"), "multi:softprob"),
    "a base score outside": (lambda: base_score_of("[2E0]", "binary:logistic"), "labels that are not all alike"),
    "a linear booster": (lambda: booster({"name": "gblinear"}), "linear JSON"),
}


@pytest.mark.parametrize("case", UNSERVED)
def test_what_is_sound_but_not_served_is_named(case: str) -> None:
    read, said = UNSERVED[case]
    with pytest.raises(UnsupportedTrees, match=said):
        read()


def test_nesting_and_repeated_names_are_refused() -> None:
    with pytest.raises(MalformedTrees, match=r"nested|column"):
        read_json(b"[" * 100_000)
    with pytest.raises(MalformedTrees, match="nested"):
        read_ubjson(b"{U\x01a" + b"[" * 1000)
    with pytest.raises(MalformedTrees, match="twice"):
        read_json(b'{"a":{},"a":{}}')
    with pytest.raises(MalformedTrees, match="twice"):
        read_ubjson(b"{U\x01aZU\x01aZ}")


@pytest.mark.parametrize(
    "content", [b"{", b"{U\xff", b"{U\x01a", b"{U\x01a[$d#L" + struct.pack(">q", 2**62), b"{U\x01a[$d#L" + struct.pack(">q", -1), b"{U\x01aQ}", b"{U\x01aZ}x"]
)
def test_ubjson_that_ends_or_lies_about_a_length_is_refused_at_its_byte(content: bytes) -> None:
    with pytest.raises(MalformedTrees, match="At byte"):
        read_ubjson(content)


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_a_model_cut_off_anywhere_is_refused(form: str) -> None:
    """What a transfer that broke off leaves; none of it parses."""
    content = saved(BOOSTER, form)
    for cut in range(2, len(content) - 1, 131):
        with pytest.raises(MalformedTrees):
            (read_json if form == "json" else read_ubjson)(content[:cut])


def test_random_entries_never_give_anything_but_a_tree_or_a_refusal() -> None:
    """What passes is a tree that can be walked: following children from the root meets every leaf once."""
    rng, refused = np.random.default_rng(1), 0
    entries = [-99, -1, 0, 1, 2, 3, 4, 5, 0.5, 1e39, float("nan"), float("inf"), 10**400, "x", None, True, [], {}]
    for _ in range(3000):
        raw = dict(SOUND)
        for name in rng.choice(list(SOUND), rng.integers(1, 3), replace=False).tolist():
            value = entries[int(rng.integers(len(entries)))]
            raw[name] = value if rng.random() < 0.1 else put(name, int(rng.integers(5)), value)[name]
        try:
            tree = one(raw)
        except (MalformedTrees, CategoricalSplit):
            refused += 1
            continue
        assert leaves_under(tree, 0) == list(range(tree.leaves))
    assert 1000 < refused < 3000


def test_random_bytes_of_ubjson_never_give_anything_but_a_value_or_a_refusal() -> None:
    rng, refused = np.random.default_rng(1), 0
    original = b"{U\x01a[$d#U\x03" + struct.pack(">3f", 1, 2, 3) + b"U\x01b[$l#U\x02" + struct.pack(">2i", 4, 5) + b"U\x01cSU\x02hi}"
    assert read_ubjson(original)["c"] == "hi"
    for _ in range(2000):
        content = bytearray(original)
        for position in rng.integers(0, len(content), 2):
            content[position] = rng.integers(0, 256)
        try:
            read_ubjson(bytes(content))
        except MalformedTrees:
            refused += 1
    assert refused > 200


def leaves_under(tree: Tree, node: int, depth: int = 0) -> list[int]:
    assert depth <= tree.leaves
    if node < 0 or tree.leaves == 1:
        return [max(-node - 1, 0)]
    return sorted(leaves_under(tree, int(tree.left[node]), depth + 1) + leaves_under(tree, int(tree.right[node]), depth + 1))


def test_limits_hold() -> None:
    with pytest.raises(MalformedTrees, match="trees"):
        read_xgboost(saved(BOOSTER), TreeLimits(trees=2))
    with pytest.raises(MalformedTrees, match="longer than 2 splits"):
        read_xgboost(saved(BOOSTER), TreeLimits(depth=2))
    with pytest.raises(MalformedTrees, match="leaves in total"):
        read_xgboost(saved(BOOSTER), TreeLimits(nodes=10))
