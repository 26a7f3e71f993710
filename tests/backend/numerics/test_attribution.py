"""The compiled explainer beside Shapley's definition over all subsets, and beside other implementations."""

from dataclasses import replace
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
import shap
from numba import njit
from sklearn.ensemble import GradientBoostingRegressor

from backend.numerics.attribution import compiled
from backend.numerics.attribution.compiled import CompiledExplainer
from backend.numerics.attribution.jit import compiled as compile_kernel
from backend.numerics.attribution.limits import MAX_SLOTS, CannotCompile, compiles
from backend.numerics.attribution.sampled import sampled_shapley
from backend.numerics.trees.forest import ZERO, Forest, Tree
from backend.numerics.trees.lightgbm_text import read_lightgbm
from tests.backend.numerics import oracle
from tests.backend.numerics.models import SHAPES, table, train

ROWS = np.vstack([table(12, seed=4), np.zeros((1, 5)), np.full((1, 5), np.nan), [[-1e300, 1e300, 1e-36, -0.0, 1e9]], [[0.5, 0.5, 0.5, 0.5, -0.5]]])
BACKGROUND = table(25, seed=5)
CUTS = {"in groups": compiled.SIZES, "small groups": [(3, 12)], "leaf by leaf": [(0, 12)], "without a table": [(0, 0)]}


@pytest.fixture(params=CUTS)
def cut(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(compiled, "SIZES", CUTS[request.param])
    return str(request.param)


def forest_of(**parameters: Any) -> Forest:
    return read_lightgbm(train(**parameters).model_to_string().encode())


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("shape", SHAPES)
def test_path_dependent_values_are_shapleys_over_all_subsets(shape: str) -> None:
    forest = forest_of(**SHAPES[shape])
    explainer = CompiledExplainer.compile(forest)
    values = explainer(ROWS)
    for row, found in zip(ROWS, values, strict=True):
        base, expected = oracle.path_dependent(forest, row)
        assert np.abs(found - expected).max() < 1e-10
        assert explainer.base == pytest.approx(base, abs=1e-10)


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("shape", SHAPES)
def test_interventional_values_are_shapleys_over_all_subsets(shape: str) -> None:
    booster = train(**SHAPES[shape])
    forest = read_lightgbm(booster.model_to_string().encode())
    explainer = CompiledExplainer.compile(forest, BACKGROUND)
    values = explainer(ROWS)

    def margin(rows: np.ndarray) -> np.ndarray:
        return np.asarray(booster.predict(rows, raw_score=True)) * forest.scale

    for row, found in zip(ROWS, values, strict=True):
        base, expected = oracle.interventional(margin, row, BACKGROUND)
        assert np.abs(found - expected).max() < 1e-10
        assert explainer.base == pytest.approx(base, abs=1e-10)


@pytest.mark.usefixtures("cut")
def test_one_row_and_many_give_the_same() -> None:
    explainer = CompiledExplainer.compile(forest_of(rounds=40, num_leaves=31))
    rows = table(1_100, seed=8)
    together = explainer(rows)
    assert np.array_equal(together, np.vstack([explainer(row[None, :]) for row in rows]))
    for few in (2, 12, 13, 127):
        assert np.array_equal(together[:few], explainer(rows[:few]))


@pytest.mark.parametrize("parameters", [{}, {"zero_as_missing": True}, {"use_missing": False}], ids=str)
@pytest.mark.parametrize("background", [None, 20])
def test_values_beside_lightgbms_zero_and_past_single_precision_are_explained_as_they_are_scored(parameters: dict[str, Any], background: int | None) -> None:
    """LightGBM reads what is as near to zero as its threshold for zero as 0, before it compares."""
    draw = np.random.default_rng(0)
    rows = np.where(draw.random((600, 2)) < 0.4, 0.0, draw.normal(size=(600, 2)))
    label = (rows[:, 0] > 0) + 0.5 * (rows[:, 1] == 0) + 0.1 * draw.normal(size=600)
    settings = {"objective": "regression", "verbose": -1, "num_threads": 1, "min_data_in_leaf": 2} | parameters
    booster = lgb.train(settings, lgb.Dataset(rows, label), 15)
    edge = ZERO
    values = [
        0.0,
        -0.0,
        edge,
        -edge,
        np.nextafter(edge, 0),
        np.nextafter(edge, 1),
        np.nextafter(-edge, -1),
        1e-35,
        -1e-35,
        5e-324,
        1e39,
        -1e39,
        1.7e308,
        np.nan,
    ]
    trials = np.array([[value, other] for value in values for other in (0.3, -0.5, value)])
    explainer = CompiledExplainer.compile(read_lightgbm(booster.model_to_string().encode()), None if background is None else rows[:background])
    assert explainer.base + explainer(trials).sum(axis=1) == pytest.approx(booster.predict(trials, raw_score=True), abs=1e-9)


@pytest.mark.parametrize("leaves", [2, 31, 127])
def test_larger_models_agree_with_lightgbms_own_contributions(leaves: int) -> None:
    booster = train(rounds=30, features=20, rows=3000, num_leaves=leaves)
    rows = table(300, features=20, seed=8)
    theirs = booster.predict(rows, pred_contrib=True)
    explainer = CompiledExplainer.compile(read_lightgbm(booster.model_to_string().encode()))
    assert np.abs(explainer(rows) - theirs[:, :-1]).max() < 1e-10
    assert explainer.base == pytest.approx(theirs[0, -1], abs=1e-10)


def test_interventional_values_agree_with_shaps_and_add_up_better() -> None:
    """shap keeps some of its sums in single precision."""
    booster = train(rounds=30, num_leaves=15, categorical=False, objective="binary")
    theirs = shap.TreeExplainer(booster, BACKGROUND, feature_perturbation="interventional", model_output="raw").shap_values(ROWS[:12])
    explainer = CompiledExplainer.compile(read_lightgbm(booster.model_to_string().encode()), BACKGROUND)
    values = explainer(ROWS[:12])
    assert np.abs(values - theirs).max() < 1e-6
    assert np.abs(explainer.base + values.sum(axis=1) - booster.predict(ROWS[:12], raw_score=True)).max() < 1e-12


def test_a_scikit_learn_forest_gets_the_values_shap_gives_it() -> None:
    """The same trees through another door: shap's own path-dependent code, not LightGBM's."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 6))
    model = GradientBoostingRegressor(n_estimators=15, max_depth=4, random_state=0).fit(x, x[:, 0] * x[:, 1] + x[:, 2])
    forest = from_scikit_learn(model)
    rows = x[:50].astype(np.float32).astype(np.float64)
    theirs = shap.TreeExplainer(model).shap_values(rows)
    assert np.abs(CompiledExplainer.compile(forest)(rows) - theirs).max() < 1e-6


def from_scikit_learn(model: GradientBoostingRegressor) -> Forest:
    trees = []
    for (estimator,) in model.estimators_:
        tree = estimator.tree_
        inner, leaves = np.flatnonzero(tree.children_left >= 0), np.flatnonzero(tree.children_left < 0)
        place = {int(node): i for i, node in enumerate(inner)} | {int(node): -i - 1 for i, node in enumerate(leaves)}
        trees.append(
            Tree(
                feature=tree.feature[inner].astype(np.int64),
                threshold=tree.threshold[inner],
                decision=np.full(len(inner), 8),
                left=np.array([place[int(child)] for child in tree.children_left[inner]]),
                right=np.array([place[int(child)] for child in tree.children_right[inner]]),
                leaf_value=tree.value[leaves, 0, 0] * model.learning_rate,
                leaf_count=tree.n_node_samples[leaves].astype(float),
                node_count=tree.n_node_samples[inner].astype(float),
                category_starts=np.empty(0, dtype=np.int64),
                category_bits=np.empty(0, dtype=np.uint32),
            )
        )
    return Forest(tuple(trees), [f"x{i}" for i in range(model.n_features_in_)], "regression")


def test_the_table_keeps_within_its_budget_and_the_values_do_not_change() -> None:
    forest = forest_of(rounds=30, features=12, rows=3000, num_leaves=63)
    rows = table(50, features=12, seed=8)
    whole = CompiledExplainer.compile(forest)
    for budget in (1_000_000, 50_000, 0):
        small = CompiledExplainer.compile(forest, budget_bytes=budget)
        assert small.table_bytes <= budget < whole.table_bytes
        assert np.abs(small(rows) - whole(rows)).max() < 1e-10


def test_what_cannot_be_compiled_is_refused() -> None:
    linear = train(objective="regression", linear_tree=True, categorical=False)
    with pytest.raises(CannotCompile):
        CompiledExplainer.compile(read_lightgbm(linear.model_to_string().encode()))
    count = MAX_SLOTS + 1
    chain = Tree(
        feature=np.arange(count),
        threshold=np.zeros(count),
        decision=np.full(count, 8),
        left=-np.arange(count) - 1,
        right=np.append(np.arange(1, count), -count - 1),
        leaf_value=np.ones(count + 1),
        leaf_count=np.ones(count + 1),
        node_count=np.arange(count + 1, 1, -1, dtype=float),
        category_starts=np.empty(0, dtype=np.int64),
        category_bits=np.empty(0, dtype=np.uint32),
    )
    names = [f"x{i}" for i in range(count)]
    with pytest.raises(CannotCompile, match="62 features"):
        CompiledExplainer.compile(Forest((chain,), names, "regression"))
    again = replace(chain, feature=np.arange(count) % MAX_SLOTS)
    assert compiles(Forest((again,), names, "regression")), "a path may come back to a feature"


def test_sampled_values_come_with_an_error_that_holds() -> None:
    booster = train(rounds=20, categorical=False, objective="regression")
    estimate = sampled_shapley(booster.predict, ROWS[:10], BACKGROUND)
    for row, values, error in zip(ROWS[:10], estimate.values, estimate.error, strict=True):
        base, expected = oracle.interventional(booster.predict, row, BACKGROUND)
        assert np.all(np.abs(values - expected) <= 5 * error + 1e-12)
        assert estimate.base == pytest.approx(base, abs=1e-12)
        assert base + values.sum() == pytest.approx(booster.predict(row[None, :])[0], abs=1e-9)


def test_a_kernel_that_cannot_be_cached_is_compiled_all_the_same() -> None:
    """Code without a file has no folder to be cached in, as an installation nobody may write to has none."""
    scope: dict[str, Any] = {}
    exec(compile("def twice(x):\n    return 2 * x", "<nowhere>", "exec"), scope)
    with pytest.raises(RuntimeError, match="no locator"):
        njit(cache=True)(scope["twice"])
    assert compile_kernel(scope["twice"])(21) == 42
