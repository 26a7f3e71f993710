"""Tree ensembles in ONNX, explained exactly: beside the scikit-learn models they came from."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import shap
import skl2onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.ensemble import (
    AdaBoostClassifier,
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from backend.runtimes.onnx import OnnxRuntime
from tests.backend.numerics import oracle

X = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
BACKGROUND = X[100:120].astype(np.float64)
MODELS: dict[str, tuple[Any, str]] = {
    "random forest": (RandomForestClassifier(10, max_depth=5, random_state=0), "probability"),
    "decision tree": (DecisionTreeClassifier(max_depth=4, random_state=0), "probability"),
    "gradient boosting": (GradientBoostingClassifier(n_estimators=10, random_state=0), "margin"),
    "histogram boosting": (HistGradientBoostingClassifier(max_iter=10, max_leaf_nodes=8), "margin"),
    "scaled gradient boosting": (make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=10, random_state=0)), "margin"),
    "regression forest": (RandomForestRegressor(10, max_depth=5, random_state=0), "value"),
    "extra trees": (ExtraTreesRegressor(10, max_depth=4, random_state=0), "value"),
    "boosted regression": (GradientBoostingRegressor(n_estimators=10, random_state=0), "value"),
    "histogram regression": (HistGradientBoostingRegressor(max_iter=10, max_leaf_nodes=8), "value"),
}


def loaded(folder: Path, model: onnx.ModelProto) -> OnnxRuntime:
    path, content = folder / "model.onnx", model.SerializeToString()
    path.write_bytes(content)
    return OnnxRuntime.load(path, hashlib.sha256(content).hexdigest())


def own(model: Any, space: str, rows: np.ndarray) -> np.ndarray:
    """What scikit-learn itself says in the space explained."""
    if space == "margin":
        return np.asarray(model.decision_function(rows))
    return np.asarray(model.predict_proba(rows)[:, 1] if space == "probability" else model.predict(rows))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("zipmap", [True, False], ids=["as dictionaries", "as a tensor"])
def test_values_are_shapleys_over_all_subsets_of_the_model_it_came_from(tmp_path: Path, name: str, zipmap: bool) -> None:
    model, space = MODELS[name]
    model.fit(X, Y)
    classifies = hasattr(model, "predict_proba")
    runtime = loaded(tmp_path, skl2onnx.to_onnx(model, X[:1], options={"zipmap": zipmap} if classifies else None))
    rows = X[:6].astype(np.float64)
    explained = runtime.explain(rows, BACKGROUND)
    assert (explained.method, explained.exact, explained.space, runtime.space) == ("tree_interventional", True, space, space)
    assert explained.background == hashlib.sha256(BACKGROUND.tobytes()).hexdigest()
    assert np.abs(explained.residual).max() < 1e-6
    for row, found in zip(rows, explained.values, strict=True):
        base, expected = oracle.interventional(lambda mixed: own(model, space, mixed), row, BACKGROUND)
        assert np.abs(found - expected).max() < 1e-5
        assert explained.base == pytest.approx(base, abs=1e-5)


@pytest.mark.parametrize("name", ["random forest", "gradient boosting", "boosted regression"])
def test_values_are_shaps_for_the_model_it_came_from(tmp_path: Path, name: str) -> None:
    model, _ = MODELS[name]
    model.fit(X, Y)
    explained = loaded(tmp_path, skl2onnx.to_onnx(model, X[:1])).explain(X[:50].astype(np.float64), BACKGROUND)
    theirs = np.asarray(shap.TreeExplainer(model, BACKGROUND, feature_perturbation="interventional").shap_values(X[:50]))
    assert np.abs(explained.values - (theirs[..., 1] if theirs.ndim == 3 else theirs)).max() < 1e-4


def test_columns_of_their_own_are_read_in_order(tmp_path: Path) -> None:
    model = GradientBoostingClassifier(n_estimators=5, random_state=0).fit(X, Y)
    types = [(name, skl2onnx.common.data_types.FloatTensorType([None, 1])) for name in ("age", "income", "debt", "months")]
    explained = loaded(tmp_path, skl2onnx.convert_sklearn(make_pipeline(StandardScaler().fit(X), model), initial_types=types)).explain(
        BACKGROUND[:2], BACKGROUND
    )
    assert explained.exact
    assert np.abs(explained.residual).max() < 1e-6


def test_what_is_more_than_one_ensemble_is_estimated_and_says_so(tmp_path: Path) -> None:
    model = AdaBoostClassifier(n_estimators=3, random_state=0).fit(X, Y)
    explained = loaded(tmp_path, skl2onnx.to_onnx(model, X[:1])).explain(BACKGROUND[:3], BACKGROUND)
    assert (explained.method, explained.exact) == ("sampled_permutation", False)
    assert explained.error is not None


def test_a_forest_too_large_to_compile_says_that_it_is_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = skl2onnx.to_onnx(MODELS["gradient boosting"][0].fit(X, Y), X[:1])
    assert not loaded(tmp_path, made).estimated
    monkeypatch.setattr("backend.numerics.attribution.limits.MAX_LEAVES", 3)
    runtime = loaded(tmp_path, made)
    assert (runtime.estimated, runtime.in_line, runtime.space) == (True, False, "probability")
    explained = runtime.explain(X[:3].astype(np.float64), BACKGROUND)
    assert (explained.method, explained.exact, explained.space) == ("sampled_permutation", False, "probability")
    assert explained.error is not None


def test_covers_where_the_file_has_them_make_it_path_dependent(tmp_path: Path) -> None:
    """skl2onnx writes 1 for every node; here the counts of the trees it came from stand in their place."""
    model = GradientBoostingRegressor(n_estimators=8, max_depth=3, random_state=0).fit(X, Y)
    made = skl2onnx.to_onnx(model, X[:1])
    hitrates = next(entry for node in made.graph.node for entry in node.attribute if entry.name == "nodes_hitrates")
    counts = np.concatenate([_in_order(tree[0].tree_) for tree in model.estimators_])
    del hitrates.floats[:]
    hitrates.floats.extend(counts.tolist())
    runtime = loaded(tmp_path, made)
    assert runtime.covered
    explained = runtime.explain(X[:50].astype(np.float64))
    assert (explained.method, explained.background) == ("tree_path_dependent", None)
    assert np.abs(explained.values - shap.TreeExplainer(model).shap_values(X[:50])).max() < 1e-5


def _in_order(tree: Any) -> np.ndarray:
    """Counts in the order that skl2onnx writes nodes: a split, all under its true branch, all under its false one."""
    found, stack = [], [0]
    while stack:
        node = stack.pop()
        found.append(tree.n_node_samples[node])
        if tree.children_left[node] >= 0:
            stack += [tree.children_right[node], tree.children_left[node]]
    return np.array(found, dtype=np.float32)


def ensemble(modes: list[int], kind: type[np.floating[Any]] = np.float32, **attributes: Any) -> onnx.ModelProto:
    """`TreeEnsemble` of ai.onnx.ml 5: two trees of two features, the second a single leaf."""
    numbers = TensorProto.FLOAT if kind is np.float32 else TensorProto.DOUBLE
    node = helper.make_node(
        "TreeEnsemble", ["X"], ["Y"], domain="ai.onnx.ml", n_targets=1, aggregate_function=attributes.pop("aggregate_function", 1),
        post_transform=attributes.pop("post_transform", 0), nodes_featureids=[0, 1, 1, 0],
        nodes_splits=numpy_helper.from_array(np.array([0.5, -0.25, 1.0, 0.0], dtype=kind)),
        nodes_modes=numpy_helper.from_array(np.array(modes, dtype=np.uint8)), nodes_truenodeids=[1, 0, 2, 4], nodes_trueleafs=[0, 1, 1, 1],
        nodes_falsenodeids=[2, 1, 3, 4], nodes_falseleafs=[0, 1, 1, 1], nodes_missing_value_tracks_true=[1, 0, 1, 0],
        tree_roots=[0, 3], leaf_targetids=[0] * 5, leaf_weights=numpy_helper.from_array(np.array([0.1, 0.2, 0.4, 0.8, 0.05], dtype=kind)), **attributes,
    )  # fmt: skip
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("X", numbers, [None, 2])], [helper.make_tensor_value_info("Y", numbers, [None, 1])])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("ai.onnx.ml", 5), helper.make_opsetid("", 21)], ir_version=10)


@pytest.mark.parametrize("kind", [np.float32, np.float64], ids=["floats", "doubles"])
@pytest.mark.parametrize("modes", [[0, 0, 0, 0], [1, 2, 3, 0], [2, 1, 0, 0], [3, 3, 1, 0]], ids=["<=", "<, >=, >", ">=, <, <=", ">, >, <"])
@pytest.mark.parametrize("post", [0, 2], ids=["as it is", "logistic"])
def test_the_newer_operator_is_explained_by_its_own_answers(tmp_path: Path, modes: list[int], post: int, kind: type) -> None:
    runtime = loaded(tmp_path, ensemble(modes, kind, post_transform=post))
    edges = [-1.0, -0.25, np.nextafter(np.float32(-0.25), np.float32(1)), 0.0, 0.5, np.nextafter(np.float32(0.5), np.float32(1)), 1.0, 2.0, np.nan]
    rows = np.array([[a, b] for a in edges for b in edges], dtype=np.float64)
    background = rows[[3, 17, 40]]

    def margin(mixed: np.ndarray) -> np.ndarray:
        scores = runtime.predict(mixed).score
        return np.log(scores / (1 - scores)) if runtime.space == "margin" else scores

    explained = runtime.explain(rows, background)
    assert (explained.method, explained.exact) == ("tree_interventional", True)
    for row, found in zip(rows, explained.values, strict=True):
        assert np.abs(found - oracle.interventional(margin, row, background)[1]).max() < 1e-5


def test_an_average_of_trees_is_an_average(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, ensemble([0, 0, 0, 0], aggregate_function=0))
    explained = runtime.explain(np.array([[0.0, 0.0]]), np.array([[2.0, 2.0]]))
    assert explained.exact
    assert explained.base + explained.values.sum() == pytest.approx(float(runtime.predict(np.array([[0.0, 0.0]])).score[0]))


@pytest.mark.parametrize("aggregate", [2, 3], ids=["least", "most"])
def test_trees_that_are_not_added_are_estimated(tmp_path: Path, aggregate: int) -> None:
    assert not loaded(tmp_path, ensemble([0, 0, 0, 0], aggregate_function=aggregate)).explain(np.zeros((1, 2)), np.ones((1, 2))).exact


def test_without_a_background_it_is_compared_with_zeros_and_says_so(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, ensemble([0, 0, 0, 0]))
    assert not runtime.covered
    assert runtime.explain(np.ones((1, 2))).background == hashlib.sha256(np.zeros((1, 2)).tobytes()).hexdigest()


def test_one_row_and_many_get_the_same_values(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, skl2onnx.to_onnx(MODELS["random forest"][0].fit(X, Y), X[:1]))
    rows = X[:40].astype(np.float64)
    assert np.array_equal(runtime.explain(rows, BACKGROUND).values, np.vstack([runtime.explain(row[None, :], BACKGROUND).values for row in rows]))
