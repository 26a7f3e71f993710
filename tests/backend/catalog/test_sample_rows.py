"""An artifact answers sample rows as the training library did, or is refused; what its file leaves open is stated."""

import hashlib
import json
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
import skl2onnx
import xgboost as xgb
from click.testing import CliRunner
from sklearn.ensemble import GradientBoostingClassifier

from backend.catalog.artifact_check import CheckedArtifact, check
from backend.catalog.errors import SamplesDisagree, StatementUnfit
from backend.catalog.rules import renamed
from backend.runtimes import Runtime, load_runtime
from backend.runtimes.protocol import Use
from rpc.cli import main
from schemas.catalog import ArtifactStatement, SampleRows
from schemas.model_document import Feature, ModelDocument

DRAW = np.random.default_rng(5)
X = DRAW.normal(size=(300, 2)).astype(np.float32)
LATE = (X[:, 0] + 0.5 * DRAW.normal(size=300) > 0).astype(int)
ROWS: list[dict[str, Any] | list[Any]] = [row.tolist() for row in X[:20].astype(float)]


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "artifact"
    path.write_bytes(content)
    return path


async def checked(path: Path, **stated: Any) -> CheckedArtifact:
    return await check(path, ModelDocument(name="Loans"), ArtifactStatement(**stated), 1 << 28)


def lightgbm_model() -> tuple[bytes, list[float]]:
    booster = lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lgb.Dataset(X, LATE), 5)
    return booster.model_to_string().encode(), booster.predict(X[:20]).tolist()


def xgboost_model() -> tuple[bytes, list[float]]:
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(X, label=LATE), 5)
    return bytes(booster.save_raw("ubj")), booster.predict(xgb.DMatrix(X[:20])).tolist()


def onnx_model() -> tuple[bytes, list[float]]:
    model = GradientBoostingClassifier(n_estimators=5).fit(X, LATE)
    return skl2onnx.to_onnx(model, X[:1]).SerializeToString(), model.predict_proba(X[:20])[:, 1].tolist()


@pytest.mark.parametrize("made", [lightgbm_model, xgboost_model, onnx_model])
async def test_answers_as_the_training_library_gave_them_are_met_and_others_are_refused_by_row(tmp_path: Path, made: Any) -> None:
    content, expected = made()
    path = saved(tmp_path, content)
    found = await checked(path, samples=SampleRows(rows=ROWS, expected=expected))
    assert len(found.report.sample_scores) == 20
    wrong = [*expected[:7], expected[7] + 1e-3, *expected[8:]]
    with pytest.raises(SamplesDisagree, match="1 of 20") as refused:
        await checked(path, samples=SampleRows(rows=ROWS, expected=wrong))
    (issue,) = refused.value.issues
    assert issue.pointer == "/samples/expected/7"
    assert f"expected {wrong[7]!r}, got" in issue.message


async def test_the_other_classs_answers_and_margins_are_recognised(tmp_path: Path) -> None:
    content, expected = lightgbm_model()
    path = saved(tmp_path, content)
    for other, said in (([1 - one for one in expected], "other class"), (np.log(np.array(expected) / (1 - np.array(expected))).tolist(), "margin")):
        with pytest.raises(SamplesDisagree) as refused:
            await checked(path, samples=SampleRows(rows=ROWS, expected=other))
        assert said in refused.value.issues[0].message


async def test_rows_that_do_not_fit_are_named(tmp_path: Path) -> None:
    path = saved(tmp_path, lightgbm_model()[0])
    unfit: list[tuple[SampleRows, str]] = [
        (SampleRows(rows=[[1.0, 2.0]], expected=[]), "/samples/expected"),
        (SampleRows(rows=[[1.0]], expected=[0.5]), "/samples/rows/0"),
        (SampleRows(rows=[{"Column_0": 1.0, "age": 2}], expected=[0.5]), "/samples/rows/0/age"),
        (SampleRows(rows=[{"Column_0": "high"}], expected=[0.5]), "/samples/rows/0/Column_0"),
    ]
    for samples, pointer in unfit:
        with pytest.raises(StatementUnfit) as refused:
            await checked(path, samples=samples)
        assert refused.value.issues[0].pointer == pointer


def stopped_early() -> xgb.Booster:
    data, rest = xgb.DMatrix(X[:200], label=LATE[:200]), xgb.DMatrix(X[200:], label=LATE[200:])
    settings = {"objective": "binary:logistic", "nthread": 1, "eta": 1.0, "num_parallel_tree": 2, "subsample": 0.7, "seed": 1}
    return xgb.train(settings, data, 60, evals=[(rest, "rest")], early_stopping_rounds=4, verbose_eval=False)


def runtime(path: Path, use: Use) -> Runtime:
    return load_runtime("xgboost", path, hashlib.sha256(path.read_bytes()).hexdigest(), use)


async def test_a_file_that_keeps_its_best_iteration_says_so_and_either_is_served(tmp_path: Path) -> None:
    """Before, nothing was said, and the scikit-learn wrapper's answers could not be had from the same file."""
    booster = stopped_early()
    best = booster.best_iteration + 1
    assert best < booster.num_boosted_rounds()
    path = saved(tmp_path, bytes(booster.save_raw("ubj")))
    whole, short = booster.predict(xgb.DMatrix(X[:20])).tolist(), booster.predict(xgb.DMatrix(X[:20]), iteration_range=(0, best)).tolist()
    found = await checked(path, samples=SampleRows(rows=ROWS, expected=whole))
    assert found.rounds is None
    assert f"best_iteration is {best - 1}" in found.told[0].message
    found = await checked(path, iterations="best", samples=SampleRows(rows=ROWS, expected=short))
    assert (found.rounds, [issue.pointer for issue in found.told]) == (best, ["/extensions/artifact/missing"])
    for rounds, expected in ((None, whole), (best, short)):  # one file, two uses: each has tables of its own
        served = runtime(path, Use(rounds=rounds))
        assert served.predict(X[:20].astype(float)).score.tolist() == expected
        assert np.abs(served.explain(X[:20].astype(float)).residual).max() < 1e-5
    with pytest.raises(StatementUnfit):
        await checked(saved(tmp_path, xgboost_model()[0]), iterations="best")


async def test_a_value_that_stood_for_missing_is_missing(tmp_path: Path) -> None:
    rows = np.where(DRAW.random(X.shape) < 0.3, -999.0, X).astype(np.float32)
    booster = xgb.train({"objective": "binary:logistic", "nthread": 1}, xgb.DMatrix(rows, label=LATE, missing=-999), 5)
    path = saved(tmp_path, bytes(booster.save_raw("ubj")))
    samples = SampleRows(rows=[row.tolist() for row in rows[:50].astype(float)], expected=booster.predict(xgb.DMatrix(rows[:50], missing=-999)).tolist())
    with pytest.raises(SamplesDisagree):
        await checked(path, samples=samples)
    (told,) = (await checked(path)).told  # before, nothing was said
    assert (told.pointer, "missing: -999" in told.message) == ("/extensions/artifact/missing", True)
    found = await checked(path, missing=-999, samples=samples)
    assert (found.missing, found.told) == (-999, [])
    served = runtime(path, Use(missing=-999))
    given, gone = served.explain(rows[:50].astype(float)), served.explain(np.where(rows[:50] == -999, np.nan, rows[:50]).astype(float))
    assert np.array_equal(given.values, gone.values)
    with pytest.raises(StatementUnfit):
        await checked(saved(tmp_path, lightgbm_model()[0]), missing=-999)
    assert (await checked(saved(tmp_path, lightgbm_model()[0]))).told == []


NAMES = ["Net income (EUR)", "Share, of [all]"]


async def test_names_that_lightgbm_does_not_keep_are_those_of_the_document_and_told(tmp_path: Path) -> None:
    """LightGBM writes `_` for a space and refuses special characters of JSON, for which people write `_` too."""
    with pytest.raises(lgb.basic.LightGBMError, match="special JSON characters"):
        lgb.train({"objective": "binary", "verbose": -1}, lgb.Dataset(X, LATE, feature_name=NAMES), 1)
    written = [NAMES[0], "Share__of__all_"]
    booster = lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lgb.Dataset(X, LATE, feature_name=written), 5)
    assert booster.feature_name() == ["Net_income_(EUR)", "Share__of__all_"]
    document = ModelDocument(name="Loans", features=[Feature(name=name) for name in reversed(NAMES)])
    samples = SampleRows(rows=[dict(zip(NAMES, row, strict=True)) for row in X[:5].tolist()], expected=booster.predict(X[:5]).tolist())
    found = await check(saved(tmp_path, booster.model_to_string().encode()), document, ArtifactStatement(samples=samples), 1 << 28)
    assert found.features == NAMES
    told = {issue.pointer: issue.message for issue in found.told if "requests send" in issue.message}
    assert set(told) == {"/features/0/name", "/features/1/name"}
    assert "'Net_income_(EUR)'" in told["/features/1/name"]


def test_a_name_that_the_artifact_keeps_is_not_taken_for_another() -> None:
    document = ModelDocument(name="m", features=[Feature(name="a b"), Feature(name="a\tb")])
    assert renamed(document, ["a_b", "a\tb"]) == ["a b", "a\tb"]
    assert renamed(document, ["a_b", "c"]) is None


def test_the_command_checks_a_file_without_a_hub(tmp_path: Path) -> None:
    content, expected = lightgbm_model()
    path, samples = saved(tmp_path, content), tmp_path / "samples.json"
    samples.write_text(json.dumps({"rows": ROWS, "expected": expected}))
    fine = CliRunner().invoke(main, ["artifact", "check", str(path), "--samples", str(samples)])
    assert (fine.exit_code, "all 20 answers as expected" in fine.output, "the probability of 1" in fine.output) == (0, True, True)
    samples.write_text(json.dumps({"rows": ROWS, "expected": [0.5] * 20}))
    refused = CliRunner().invoke(main, ["artifact", "check", str(path), "--samples", str(samples)])
    assert (refused.exit_code, "expected 0.5, got" in refused.output) == (1, True)
