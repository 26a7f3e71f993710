"""What the serving runtimes answer, beside the libraries they stand on."""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

import lightgbm as lgb
import numpy as np
import onnx
import onnxruntime as ort
import pytest
import skl2onnx
import xgboost as xgb
from sklearn.base import ClassifierMixin
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from backend.runtimes import Runtime, load_runtime
from backend.runtimes.errors import ArtifactChanged, ArtifactGone, RuntimeRefused
from schemas.catalog import ArtifactKind
from tests.backend.numerics import oracle
from tests.backend.numerics.models import SHAPES, table, train
from tests.backend.numerics.xgboost_models import KINDS, answered, saved, train_xgboost
from tests.support.credit import lightgbm_text

ROWS = table(300, seed=9)


def loaded(folder: Path, kind: ArtifactKind, content: bytes) -> Runtime:
    path = folder / "artifact"
    path.write_bytes(content)
    return load_runtime(kind, path, hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize("shape", SHAPES)
def test_lightgbm_scores_equal_its_own_to_the_last_bit(tmp_path: Path, shape: str) -> None:
    booster = train(rounds=30, **SHAPES[shape])
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, booster.model_to_string().encode())
    expected = booster.predict(ROWS)
    assert np.array_equal(runtime.predict(ROWS).score, expected)
    assert np.array_equal([runtime.predict(row[None, :]).score[0] for row in ROWS], expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_lightgbm_margins_go_through_the_link_to_the_scores(tmp_path: Path, shape: str) -> None:
    """The averaged forest's own raw score is the sum of its trees; the margin is their mean."""
    booster = train(rounds=10, **SHAPES[shape])
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, booster.model_to_string().encode())
    trees = booster.num_trees() if SHAPES[shape].get("boosting") == "rf" else 1
    assert np.allclose(runtime.predict(ROWS).margin, booster.predict(ROWS, raw_score=True) / trees, rtol=1e-15)


@pytest.mark.parametrize("shape", SHAPES)
def test_lightgbm_explanations_add_up_and_agree_with_its_own(tmp_path: Path, shape: str) -> None:
    booster = train(rounds=10, **SHAPES[shape])
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, booster.model_to_string().encode())
    explained = runtime.explain(ROWS)
    trees = booster.num_trees() if SHAPES[shape].get("boosting") == "rf" else 1
    theirs = booster.predict(ROWS, pred_contrib=True) / trees
    assert (explained.method, explained.exact) == ("tree_path_dependent", True)
    assert np.allclose(explained.values, theirs[:, :-1], atol=1e-10)
    assert explained.base == pytest.approx(theirs[0, -1], abs=1e-10)
    assert np.abs(explained.residual).max() < 1e-9
    assert explained.space == ("value" if shape == "regression" else "margin")


def test_lightgbm_explained_against_a_background_says_which_and_starts_from_its_mean(tmp_path: Path) -> None:
    booster = train(rounds=10, objective="binary")
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, booster.model_to_string().encode())
    background = ROWS[100:200]
    explained = runtime.explain(ROWS[:50], background)
    assert (explained.method, explained.exact) == ("tree_interventional", True)
    assert explained.base == pytest.approx(booster.predict(background, raw_score=True).mean())
    assert explained.background == hashlib.sha256(background.tobytes()).hexdigest()
    assert np.abs(explained.residual).max() < 1e-12
    assert not np.allclose(explained.values, runtime.explain(ROWS[:50]).values)


@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize("kind", KINDS)
def test_xgboost_scores_and_margins_equal_its_own_to_the_last_bit(tmp_path: Path, kind: str, form: str) -> None:
    booster = train_xgboost(rounds=30, **KINDS[kind])
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, saved(booster, form))
    expected = answered(booster, ROWS)
    assert np.array_equal(runtime.predict(ROWS).score, expected)
    assert np.array_equal(runtime.predict(ROWS).margin, answered(booster, ROWS, output_margin=True))
    assert np.array_equal([runtime.predict(row[None, :]).score[0] for row in ROWS], expected)


@pytest.mark.parametrize("kind", KINDS)
def test_xgboost_explanations_add_up_and_agree_with_its_own(tmp_path: Path, kind: str) -> None:
    booster = train_xgboost(rounds=10, **KINDS[kind])
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, saved(booster))
    explained, theirs = runtime.explain(ROWS), answered(booster, ROWS, pred_contribs=True)
    assert (explained.method, explained.exact) == ("tree_path_dependent", True)
    assert np.allclose(explained.values, theirs[:, :-1], atol=2e-5)  # XGBoost adds in single precision
    assert explained.base == pytest.approx(theirs[0, -1], abs=2e-5)
    assert np.abs(explained.residual).max() < 1e-5
    against = runtime.explain(ROWS[:50], ROWS[100:200])
    assert (against.method, against.exact) == ("tree_interventional", True)
    assert against.base == pytest.approx(answered(booster, ROWS[100:200], output_margin=True).mean(), abs=1e-5)
    assert np.abs(against.residual).max() < 1e-5


def test_an_xgboost_model_too_large_to_compile_is_explained_by_xgboost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backend.numerics.attribution.limits.MAX_LEAVES", 3)
    booster = train_xgboost(objective="binary:logistic")
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, saved(booster))
    explained = runtime.explain(ROWS)
    assert (explained.method, explained.exact) == ("tree_path_dependent", True)
    assert np.array_equal(explained.values, answered(booster, ROWS, pred_contribs=True)[:, :-1])
    assert not runtime.estimated
    assert not runtime.in_line, "a process that answers would load the library"
    (tmp_path / "artifact").unlink()
    assert np.array_equal(runtime.explain(ROWS[:5]).values, explained.values[:5]), "the file is read once"


def without_covers(booster: xgb.Booster) -> bytes:
    tree = json.loads(saved(booster, "json"))
    for one in tree["learner"]["gradient_booster"]["model"]["trees"]:
        one["sum_hessian"] = [0.0] * len(one["sum_hessian"])
    return json.dumps(tree).encode()


def test_an_xgboost_model_too_large_to_compile_that_has_no_covers_says_that_it_is_estimated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = without_covers(train_xgboost(objective="reg:squarederror"))
    assert not loaded(tmp_path, ArtifactKind.XGBOOST, content).estimated
    monkeypatch.setattr("backend.numerics.attribution.limits.MAX_LEAVES", 3)
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, content)
    assert (runtime.estimated, runtime.in_line) == (True, False)
    explained = runtime.explain(ROWS[:2], ROWS[5:9])
    assert (explained.method, explained.exact) == ("sampled_permutation", False)


def test_a_lightgbm_model_too_large_to_compile_is_explained_by_lightgbm_and_estimated_only_without_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backend.numerics.attribution.limits.MAX_LEAVES", 3)
    booster = train(objective="binary")
    content = booster.model_to_string()
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, content.encode())
    assert (runtime.estimated, runtime.in_line) == (False, True)
    assert np.array_equal(runtime.explain(ROWS[:9]).values, booster.predict(ROWS[:9], pred_contrib=True)[:, :-1])
    bare = re.sub(r"(?m)^(internal_count|leaf_count)=(.*)$", lambda line: f"{line[1]}=" + re.sub(r"\d", "0", line[2]), content)
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, bare.encode())
    assert (runtime.covered, runtime.estimated, runtime.in_line) == (False, True, False)
    explained = runtime.explain(ROWS[:2], ROWS[5:9])
    assert (explained.method, explained.exact) == ("sampled_permutation", False)


def test_xgboost_explained_without_covers_needs_a_background(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, without_covers(train_xgboost(objective="reg:squarederror")))
    assert not runtime.covered
    assert runtime.explain(ROWS[:2]).exact is False
    assert (runtime.explain(ROWS[:2], ROWS[5:9]).exact, runtime.explain(ROWS[:2], ROWS[5:9]).method) == (True, "tree_interventional")


LINEAR = {"format": "linear", "features": ["a", "b", "c", "d", "e"], "coefficients": [0.5, -1.0, 2.0, 0.0, 1e-3], "intercept": -0.25}
COEFFICIENTS = np.array([0.5, -1.0, 2.0, 0.0, 1e-3])


@pytest.mark.parametrize("link", ["identity", "logit"])
def test_a_linear_model_scores_and_is_explained_in_closed_form(tmp_path: Path, link: str) -> None:
    runtime = loaded(tmp_path, ArtifactKind.LINEAR, json.dumps(LINEAR | {"link": link}).encode())
    rows, background = np.nan_to_num(ROWS), np.nan_to_num(ROWS[100:120])
    scores, explained = runtime.predict(rows), runtime.explain(rows, background)
    margin = rows @ COEFFICIENTS - 0.25
    assert np.allclose(scores.margin, margin, rtol=1e-14)
    assert np.allclose(scores.score, 1 / (1 + np.exp(-margin)) if link == "logit" else margin, rtol=1e-14)
    assert np.array_equal([runtime.predict(row[None, :]).score[0] for row in rows], scores.score)
    assert (explained.method, explained.exact, explained.space) == ("linear", True, "margin" if link == "logit" else "value")
    base, expected = oracle.interventional(lambda mixed: mixed @ COEFFICIENTS - 0.25, rows[7], background)
    assert np.allclose(explained.values[7], expected, atol=1e-12)
    assert explained.base == pytest.approx(base)
    assert np.abs(explained.residual).max() < 1e-9


def test_a_standardisation_is_worked_into_a_linear_model(tmp_path: Path) -> None:
    x, y = np.nan_to_num(ROWS), (np.nan_to_num(ROWS)[:, 0] > 0).astype(int)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    scaler, fit = model[0], model[1]
    content = LINEAR | {"link": "logit", "coefficients": fit.coef_[0].tolist(), "intercept": float(fit.intercept_[0])}
    content["standardisation"] = {"mean": scaler.mean_.tolist(), "scale": scaler.scale_.tolist()}
    runtime = loaded(tmp_path, ArtifactKind.LINEAR, json.dumps(content).encode())
    assert np.allclose(runtime.predict(x).score, model.predict_proba(x)[:, 1], atol=1e-12)


def test_linear_trees_are_explained_by_an_estimate_that_says_so(tmp_path: Path) -> None:
    booster = train(objective="regression", linear_tree=True, categorical=False)
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, booster.model_to_string().encode())
    explained = runtime.explain(ROWS[:5], ROWS[100:150])
    assert (explained.method, explained.exact) == ("sampled_permutation", False)
    assert explained.error is not None
    assert explained.error.shape == (5,)
    assert np.abs(explained.residual).max() < 1e-9
    assert explained.background is not None


X = np.random.default_rng(0).normal(size=(400, 4)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)
MODELS = [
    RandomForestClassifier(20, max_depth=5, random_state=0),
    GradientBoostingClassifier(n_estimators=20, random_state=0),
    make_pipeline(StandardScaler(), LogisticRegression()),
    GradientBoostingRegressor(n_estimators=20, random_state=0),
]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: type(model).__name__)
@pytest.mark.parametrize("zipmap", [True, False], ids=["as dictionaries", "as a tensor"])
def test_onnx_scores_are_the_positive_class_of_the_model_it_came_from(tmp_path: Path, model: ClassifierMixin, zipmap: bool) -> None:
    model.fit(X, Y)
    classifies = hasattr(model, "predict_proba")
    content = skl2onnx.to_onnx(model, X[:1], options={"zipmap": zipmap} if classifies else None).SerializeToString()
    runtime = loaded(tmp_path, ArtifactKind.ONNX, content)
    expected = model.predict_proba(X)[:, 1] if classifies else model.predict(X)
    assert np.allclose(runtime.predict(X.astype(np.float64)).score, expected, atol=2e-6)
    assert runtime.predict(X[:1].astype(np.float64)).score.shape == (1,)
    assert bool(runtime.classifies) == classifies
    assert (runtime.space == "value") == (not classifies)


def test_a_probability_that_rounding_put_above_one_is_one_and_the_others_keep_their_bits(tmp_path: Path) -> None:
    """The float32 sum of 126 equal shares is 1.0000018."""
    model = RandomForestClassifier(126, random_state=0).fit(X, X[:, 0] > 0)
    made = skl2onnx.to_onnx(model, X[:1])
    rows = X.astype(np.float64)
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    theirs = [row[1] for row in ort.InferenceSession(made.SerializeToString(), options).run(["output_probability"], {"X": X})[0]]
    assert max(theirs) > 1
    runtime = loaded(tmp_path, ArtifactKind.ONNX, made.SerializeToString())
    scores = runtime.predict(rows).score
    assert scores.max() == 1
    assert np.array_equal(scores, [min(score, 1.0) for score in theirs])
    assert np.array_equal([runtime.predict_row(row.tolist())[0] for row in rows], scores)
    assert np.abs(runtime.explain(rows[:50], rows[100:120]).residual).max() < 1e-5


@pytest.mark.parametrize("value", [-1e-4, 1.0001, 6.49])
def test_a_probability_that_is_none_is_refused(tmp_path: Path, value: float) -> None:
    graph = onnx.parser.parse_graph(
        f"main (float[N, 1] X) => (float[N, 1] probability) {{ none = Constant<value = float {{ {value - 0.5} }}>() probability = Add(X, none) }}"
    )
    content = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    runtime = loaded(tmp_path, ArtifactKind.ONNX, content)
    assert runtime.predict(np.array([[1.0 - value]])).score[0] == pytest.approx(0.5, abs=1e-6)
    with pytest.raises(RuntimeRefused, match="instead of a probability from 0 to 1"):
        runtime.predict(np.array([[0.5]]))


def test_an_intensity_is_a_score_without_an_upper_end_and_no_probability(tmp_path: Path) -> None:
    """LightGBM's `cross_entropy_lambda` answers log(1 + exp(margin))."""
    rows = np.random.default_rng(1).normal(size=(500, 2))
    data = lgb.Dataset(rows, (rows[:, 0] > -1).astype(float), weight=np.full(500, 0.01))
    booster = lgb.train({"objective": "cross_entropy_lambda", "verbose": -1, "num_threads": 1, "learning_rate": 0.5}, data, 60)
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, booster.model_to_string().encode())
    scores = runtime.predict(rows)
    assert scores.score.max() > 1
    assert runtime.classifies is False
    assert np.array_equal(scores.score, booster.predict(rows))
    assert np.allclose(scores.score, np.log1p(np.exp(scores.margin)))
    explained = runtime.explain(rows)
    assert explained.space == "margin"
    assert np.abs(explained.base + explained.values.sum(axis=1) - scores.margin).max() < 1e-9


def test_onnx_with_an_input_for_each_feature_names_them(tmp_path: Path) -> None:
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, Y)
    types = [(name, skl2onnx.common.data_types.FloatTensorType([None, 1])) for name in ("age", "income", "debt", "months")]
    content = skl2onnx.convert_sklearn(model, initial_types=types).SerializeToString()
    runtime = loaded(tmp_path, ArtifactKind.ONNX, content)
    assert runtime.features == ["age", "income", "debt", "months"]
    assert np.allclose(runtime.predict(X.astype(np.float64)).score, model.predict_proba(X)[:, 1], atol=2e-6)


def test_an_artifact_that_changed_or_went_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "artifact"
    path.write_bytes(b"tree\n")
    with pytest.raises(ArtifactChanged):
        load_runtime("lightgbm", path, "0" * 64)
    with pytest.raises(ArtifactGone):
        load_runtime("onnx", tmp_path / "gone", "0" * 64)


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeRefused, match="onnxruntime"):
        loaded(tmp_path, ArtifactKind.ONNX, b"\x08\x08nothing")


def test_no_rows_give_no_scores(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, ArtifactKind.LIGHTGBM, train().model_to_string().encode())
    assert runtime.predict(np.empty((0, 5))).score.shape == (0,)
    assert runtime.explain(np.empty((0, 5))).values.shape == (0, 5)


def test_serving_a_model_does_not_load_what_its_library_only_wraps(tmp_path: Path) -> None:
    code = (
        "import sys, hashlib, pathlib\n"
        "from backend.runtimes import load_runtime\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "load_runtime('lightgbm', path, hashlib.sha256(path.read_bytes()).hexdigest())\n"
        "print(sorted({'pandas', 'sklearn'} & set(sys.modules)))\n"
        "import pandas\n"
    )
    model = tmp_path / "model.txt"
    model.write_bytes(lightgbm_text())
    done = subprocess.run([sys.executable, "-c", code, str(model)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "[]"), done.stderr


COMPILING = "backend.runtimes.explainer_cache.CompiledExplainer.compile"


@pytest.mark.parametrize("background", [None, ROWS[100:120]], ids=["path-dependent", "against a background"])
@pytest.mark.parametrize("kind", [ArtifactKind.LIGHTGBM, ArtifactKind.XGBOOST])
def test_what_was_compiled_once_is_read_by_the_next_process_and_gives_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: ArtifactKind, background: np.ndarray | None
) -> None:
    lightgbm = kind is ArtifactKind.LIGHTGBM
    content = train(objective="binary").model_to_string().encode() if lightgbm else saved(train_xgboost(objective="binary:logistic"))
    first = loaded(tmp_path, kind, content).explain(ROWS, background)
    monkeypatch.setattr(COMPILING, lambda *_: pytest.fail("compiled again"))
    again = loaded(tmp_path, kind, content).explain(ROWS, background)
    assert np.array_equal(again.values, first.values)
    assert (again.base, again.background) == (first.base, first.background)


def test_a_table_that_is_not_whole_is_compiled_again(tmp_path: Path) -> None:
    content = saved(train_xgboost(objective="binary:logistic"))
    first = loaded(tmp_path, ArtifactKind.XGBOOST, content).explain(ROWS)
    (table,) = tmp_path.glob("*.table")
    table.write_bytes(table.read_bytes()[:-100] + bytes(100))
    assert np.array_equal(loaded(tmp_path, ArtifactKind.XGBOOST, content).explain(ROWS).values, first.values)


def test_tables_of_earlier_backgrounds_go(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, saved(train_xgboost(objective="binary:logistic")))
    for size in (3, 4, 5, 6):
        runtime.explain(ROWS[:1], ROWS[100 : 100 + size])
    assert len(list(tmp_path.glob("*.table"))) == 2


def test_a_folder_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    runtime = loaded(tmp_path, ArtifactKind.XGBOOST, saved(train_xgboost(objective="binary:logistic")))
    (tmp_path / "artifact").unlink()
    tmp_path.rmdir()
    assert runtime.explain(ROWS).exact
    assert not tmp_path.exists()
