"""Our own reader of XGBoost's files, and our own walk of its trees, beside XGBoost itself."""

import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import shap
import xgboost as xgb

from backend.numerics.attribution.compiled import CompiledExplainer
from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.lightgbm_text import Limits
from backend.numerics.trees.ubjson import read_ubjson
from backend.numerics.trees.xgboost_model import UnsupportedTrees, read_xgboost
from backend.numerics.trees.xgboost_tree import CategoricalSplit
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
    assert read_xgboost(edited(lambda tree: parameters(tree).update(base_score=written))).base_score == np.float32(0.25)


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


def edited(change: Callable[[Any], object]) -> bytes:
    tree = json.loads(saved(BOOSTER, "json"))
    change(tree)
    return json.dumps(tree).encode()


def parameters(tree: Any) -> Any:
    return tree["learner"]["learner_model_param"]


def first(tree: Any) -> Any:
    return tree["learner"]["gradient_booster"]["model"]["trees"][0]


def put(name: str, at: int, value: Any) -> Callable[[Any], object]:
    return lambda tree: first(tree)[name].__setitem__(at, value)


TAMPERED: dict[str, tuple[Callable[[Any], object], str]] = {
    "child out of range": (put("left_children", 0, 999), "left_children"),
    "child far below zero": (put("left_children", 0, -7), "left_children"),
    "child that is no whole number": (put("left_children", 0, 1.5), "whole numbers"),
    "child reached twice": (put("left_children", 0, 2), "reached twice"),
    "child is the root": (put("left_children", 0, 0), "reached twice"),
    "one child": (put("left_children", 0, -1), "one child"),
    "feature out of range": (put("split_indices", 0, 5), "split_indices"),
    "threshold not finite": (put("split_conditions", 0, 1e39), "finite"),
    "threshold a word": (put("split_conditions", 0, "x"), "numbers"),
    "threshold far too large": (put("split_conditions", 0, 10**400), "too large"),
    "an array too short": (lambda tree: first(tree)["default_left"].pop(), "length"),
    "covers missing": (lambda tree: first(tree).pop("sum_hessian"), "sum_hessian"),
    "no trees": (lambda tree: tree["learner"]["gradient_booster"]["model"].update(trees=[]), "trees"),
    "trees no list": (lambda tree: tree["learner"]["gradient_booster"]["model"].update(trees=7), "trees"),
    "a tree that is none": (lambda tree: tree["learner"]["gradient_booster"]["model"]["trees"].__setitem__(0, 3), "object"),
    "another booster": (lambda tree: tree["learner"]["gradient_booster"].update(name="evil"), "gbtree"),
    "no learner": (lambda tree: tree.pop("learner"), "learner"),
    "names that repeat": (lambda tree: tree["learner"].update(feature_names=["a"] * 5), "different names"),
    "too many features": (lambda tree: parameters(tree).update(num_feature="99999999"), "features"),
    "features not a number": (lambda tree: parameters(tree).update(num_feature=[5]), "num_feature"),
    "base scores": (lambda tree: parameters(tree).update(base_score="[1E-1,2E-1]"), "one number"),
}  # fmt: skip


@pytest.mark.parametrize("case", TAMPERED)
def test_a_tampered_model_is_refused_for_what_is_wrong(case: str) -> None:
    change, said = TAMPERED[case]
    with pytest.raises(MalformedTrees, match=said):
        read_xgboost(edited(change))


def test_splits_that_only_point_at_each_other_are_a_cycle() -> None:
    def loop(tree: Any) -> None:
        first(tree).update(left_children=[1, -1, -1, 4, 3], right_children=[2, -1, -1, 5, 6])
        for name in ("left_children", "right_children"):
            first(tree)[name] += [-1, -1]
        for name in ("split_indices", "split_conditions", "default_left", "sum_hessian", "split_type"):
            first(tree)[name] = [0] * 7

    with pytest.raises(MalformedTrees, match="cycle"):
        read_xgboost(edited(loop))


UNSERVED: dict[str, tuple[Callable[[Any], object], str]] = {
    "several classes": (lambda tree: parameters(tree).update(num_class="3"), "3 numbers a row"),
    "several targets": (lambda tree: parameters(tree).update(num_target="2"), "2 numbers a row"),
    "an unknown objective": (lambda tree: tree["learner"]["objective"].update(name="multi:softprob"), "multi:softprob"),
    "a base score outside": (lambda tree: parameters(tree).update(base_score="[2E0]"), "labels that are not all alike"),
    "a linear booster": (lambda tree: tree["learner"]["gradient_booster"].update(name="gblinear"), "linear JSON"),
}


@pytest.mark.parametrize("case", UNSERVED)
def test_what_is_sound_but_not_served_is_named(case: str) -> None:
    change, said = UNSERVED[case]
    with pytest.raises(UnsupportedTrees, match=said):
        read_xgboost(edited(change))


def test_splits_by_category_are_not_served() -> None:
    with pytest.raises(CategoricalSplit):
        read_xgboost(edited(put("split_type", 0, 1)))


def test_nesting_and_repeated_names_are_refused() -> None:
    deep = b'{"learner":' + b"[" * 100_000
    with pytest.raises(MalformedTrees, match=r"nested|column"):
        read_xgboost(deep)
    with pytest.raises(MalformedTrees, match="nested"):
        read_xgboost(b"{" + struct.pack(">cq", b"L", 7) + b"learner" + b"[" * 1000)
    with pytest.raises(MalformedTrees, match="twice"):
        read_xgboost(b'{"learner":{},"learner":{}}')
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
    content = saved(BOOSTER, form)
    for cut in range(2, len(content) - 1, 131):
        with pytest.raises(MalformedTrees):
            read_xgboost(content[:cut])


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_random_bytes_changed_never_give_anything_but_a_model_or_a_refusal(form: str) -> None:
    rng, original, refused = np.random.default_rng(1), saved(BOOSTER, form), 0
    for _ in range(400):
        content = bytearray(original)
        for position in rng.integers(0, len(content), 3):
            content[position] = rng.integers(0, 256)
        try:
            read_xgboost(bytes(content))
        except (MalformedTrees, UnsupportedTrees, CategoricalSplit):
            refused += 1
    assert refused > 100


def test_limits_hold() -> None:
    with pytest.raises(MalformedTrees, match="trees"):
        read_xgboost(saved(BOOSTER), Limits(trees=2))
    with pytest.raises(MalformedTrees, match="longer than 2 splits"):
        read_xgboost(saved(BOOSTER), Limits(depth=2))
    with pytest.raises(MalformedTrees, match="leaves in all"):
        read_xgboost(saved(BOOSTER), Limits(nodes=10))
