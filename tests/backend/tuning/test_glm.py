"""The fit of a GLM against scikit-learn's own pipeline, and the artifact against the fit."""

from typing import Any

import msgspec
import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import ElasticNet, LogisticRegression, PoissonRegressor, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from backend.numerics.linear import read_linear
from backend.runtimes.linear import LinearRuntime
from backend.tuning.presets.glm.design import UnfitColumn, design_of, linear_model
from backend.tuning.presets.glm.fit import LINKS, balanced, fit, recalibration
from backend.tuning.presets.glm.settings import GlmSettings
from schemas.columns import Column

COLUMNS = [Column(name="debt", type="number"), Column(name="income", type="number"), Column(name="region", type="category", categories=["n", "s", "w"])]
DRAW = np.random.default_rng(3)
N = 400
WHOLE = np.column_stack([DRAW.normal(30, 17, N), DRAW.lognormal(10, 1, N), DRAW.integers(0, 3, N).astype(float)])
MARGIN = 0.05 * (WHOLE[:, 0] - 30) - 0.5 * np.log(WHOLE[:, 1] / 22_000) + (WHOLE[:, 2] == 1)
TARGETS: dict[str, Any] = {
    "binary": (DRAW.uniform(size=N) < 1 / (1 + np.exp(-MARGIN))).astype(float),
    "regression": MARGIN + DRAW.normal(size=N),
    "poisson": DRAW.poisson(np.exp(np.clip(MARGIN, -3, 2))).astype(float),
}
PLAIN = make_pipeline(ColumnTransformer([("numbers", StandardScaler(), [0, 1]), ("levels", OneHotEncoder(), [2])]))


def fitted(kind: Any, rows: Any, target: Any, weight: Any = None, slope: float = 1.0, shift: float = 0.0, **settings: Any) -> tuple[LinearRuntime, Any, Any]:
    said = GlmSettings(**settings)
    weight = np.ones(len(target)) if weight is None else weight
    design = design_of(rows, COLUMNS, weight, drop_reference=said.strength == 0)
    found = fit(kind, design.matrix(rows), target, weight, said, 1, lambda *_: True)
    model = linear_model(design, found.coefficients, found.intercept, LINKS[kind], slope, shift)
    return LinearRuntime(read_linear(msgspec.json.encode(model))), found, design


CASES = {
    "ridge logistic": ("binary", {"strength": 0.01}, LogisticRegression(C=1 / (0.01 * N), tol=1e-10, max_iter=10_000)),
    "lasso logistic": (
        "binary",
        {"strength": 0.02, "l1_ratio": 1.0},
        LogisticRegression(C=1 / (0.02 * N), l1_ratio=1, solver="saga", tol=1e-10, max_iter=100_000),
    ),
    "ridge": ("regression", {"strength": 0.1}, Ridge(alpha=0.1 * N)),
    "elastic net": ("regression", {"strength": 0.05, "l1_ratio": 0.5}, ElasticNet(alpha=0.05, l1_ratio=0.5, tol=1e-12)),
    "Poisson": ("poisson", {"strength": 0.01}, PoissonRegressor(alpha=0.01, tol=1e-10, max_iter=10_000)),
}


@pytest.mark.parametrize("case", CASES)
def test_a_fit_is_that_of_scikit_learns_pipeline_and_the_artifact_scores_as_the_fit(case: str) -> None:
    kind, settings, estimator = CASES[case]
    runtime, found, design = fitted(kind, WHOLE, TARGETS[kind], tolerance=1e-10, most_iterations=20_000, **settings)
    scored = runtime.predict(WHOLE).score
    matrix = design.matrix(WHOLE)
    of_fit = found.estimator.predict_proba(matrix)[:, 1] if kind == "binary" else found.estimator.predict(matrix)
    assert np.abs(scored - of_fit).max() <= 1e-12 * max(1.0, np.abs(of_fit).max())
    pipeline = make_pipeline(PLAIN, estimator).fit(WHOLE, TARGETS[kind])
    expected = pipeline.predict_proba(WHOLE)[:, 1] if kind == "binary" else pipeline.predict(WHOLE)
    assert np.allclose(scored, expected, atol=1e-4, rtol=1e-4)
    assert [runtime.predict_row(row.tolist())[0] for row in WHOLE] == scored.tolist()


@pytest.mark.parametrize("strength", [0.0, 0.01])
def test_missing_values_have_their_own_effect_and_are_scored(strength: float) -> None:
    rows = WHOLE.copy()
    rows[::7, 0] = rows[::5, 2] = np.nan
    runtime, found, design = fitted("binary", rows, TARGETS["binary"], strength=strength)
    assert np.abs(runtime.predict(rows).score - found.estimator.predict_proba(design.matrix(rows))[:, 1]).max() <= 1e-12
    assert np.isnan(runtime.predict(np.array([[1.0, np.nan, 1.0]])).score[0])  # income was never missing


def test_weights_count_as_copies_of_a_row() -> None:
    weight = DRAW.integers(1, 4, N).astype(float)
    copied = np.repeat(np.arange(N), weight.astype(int))
    one, _, _ = fitted("binary", WHOLE, TARGETS["binary"], weight, tolerance=1e-10)
    two, _, _ = fitted("binary", WHOLE[copied], TARGETS["binary"][copied], tolerance=1e-10)
    assert np.allclose(one.predict(WHOLE).score, two.predict(WHOLE).score, atol=1e-5)


def test_balanced_weights_are_recalibrated_and_worked_into_the_artifact() -> None:
    rare = np.where(DRAW.uniform(size=N) < 0.8, 0.0, TARGETS["binary"])
    weight = balanced(rare, np.ones(N))
    assert weight[rare == 0].sum() == pytest.approx(weight[rare == 1].sum())
    assert weight.sum() == pytest.approx(N)
    raw, _, _ = fitted("binary", WHOLE, rare, weight)
    margin = raw.predict(WHOLE).margin
    assert margin is not None
    found = recalibration(margin, rare)
    assert found is not None
    served, _, _ = fitted("binary", WHOLE, rare, weight, *found)
    assert raw.predict(WHOLE).score.mean() > 2 * rare.mean()
    assert served.predict(WHOLE).score.mean() == pytest.approx(rare.mean(), rel=1e-3)
    assert np.allclose(served.predict(WHOLE).score, 1 / (1 + np.exp(-(found[0] * margin + found[1]))), atol=1e-12)


def test_rows_that_cannot_recalibrate_say_so() -> None:
    assert recalibration(np.arange(4.0), np.ones(4)) is None
    assert recalibration(np.zeros(4), np.array([0.0, 1, 0, 1])) is None
    assert recalibration(np.arange(4.0), np.array([1.0, 1, 0, 0])) is None


HOSTILE = {
    "all missing": (0, np.full(N, np.nan), "all training values are missing"),
    "constant": (0, np.full(N, 7.0), "all training values are the same"),
    "no category": (2, np.full(N, np.nan), "all training values are missing"),
    "one category": (2, np.ones(N), "2 categories do not occur"),
    "a tiny spread": (0, np.append(np.full(N - 1, 1e16), 1e16 + 2), "differ too little"),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_columns_are_left_out_by_name_and_the_rest_is_scored(case: str) -> None:
    at, values, words = HOSTILE[case]
    rows = WHOLE.copy()
    rows[:, at] = values
    runtime, found, design = fitted("binary", rows, TARGETS["binary"])
    assert words in " ".join(design.notes)
    scored = runtime.predict(np.nan_to_num(rows)).score
    assert np.isfinite(scored).all()
    assert np.abs(scored - found.estimator.predict_proba(design.matrix(np.nan_to_num(rows)))[:, 1]).max() < 1e-6


def test_a_value_too_large_to_square_is_refused_by_name() -> None:
    rows = WHOLE.copy()
    rows[0, 1] = 1e200
    with pytest.raises(UnfitColumn, match="income has values beyond"):
        design_of(rows, COLUMNS, np.ones(N), drop_reference=False)


def test_rare_categories_share_one_coefficient_and_every_level_is_scored() -> None:
    column = Column(name="city", type="category", categories=[str(at) for at in range(300)])
    codes = np.append(np.repeat(np.arange(100.0), 3), np.arange(100.0, 250.0))[:, None]
    target = (DRAW.uniform(size=len(codes)) < 0.4).astype(float)
    design = design_of(codes, [column], np.ones(len(codes)), drop_reference=False)
    assert design.width == 101
    assert "150 rarest categories" in " ".join(design.notes)
    found = fit("binary", design.matrix(codes), target, np.ones(len(codes)), GlmSettings(), 1, lambda *_: True)
    runtime = LinearRuntime(read_linear(msgspec.json.encode(linear_model(design, found.coefficients, found.intercept, "logit"))))
    assert np.abs(runtime.predict(codes).score - found.estimator.predict_proba(design.matrix(codes))[:, 1]).max() < 1e-12
    assert np.isfinite(runtime.predict(np.array([[299.0]])).score).all()
