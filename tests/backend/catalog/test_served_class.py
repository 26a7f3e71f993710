"""What a score means is settled when the artifact is uploaded: by its own classes and the document, or it is refused in words."""

import base64
import json
from pathlib import Path
from typing import Any

import lightgbm as lgb
import msgspec
import numpy as np
import pytest
import skl2onnx
import xgboost as xgb
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression

from backend.catalog.artifact_statement import state_artifact
from backend.catalog.artifacts import inspect
from backend.catalog.artifacts.errors import UnsupportedModel
from backend.catalog.errors import ClassUnclear, SamplesDisagree
from backend.catalog.served_class import served_class
from backend.hub import Hub
from backend.runtimes.served_versions import Runtimes, facts_of
from schemas.catalog import ArtifactStatement, SampleRows, StateArtifact, Version
from schemas.model_document import ModelDocument
from tests.backend.catalog.test_versions import new_version, upload
from tests.support.tenants import Tenant

CASE = json.loads((Path(__file__).parent / "cases/positive_class.json").read_text())
DRAW = np.random.default_rng(0)
X = DRAW.normal(size=(400, 2)).astype(np.float32)
LATE = (X[:, 0] + 0.3 * DRAW.normal(size=400) > 0).astype(int)


def lightgbm_text() -> bytes:
    return lgb.train({"objective": "binary", "verbose": -1, "num_threads": 1}, lgb.Dataset(X, LATE), 5).model_to_string().encode()


def xgboost_file(objective: str = "binary:logistic") -> bytes:
    return bytes(xgb.train({"objective": objective, "nthread": 1}, xgb.DMatrix(X, label=LATE), 5).save_raw("ubj"))


def linear_json() -> bytes:
    return json.dumps({"format": "linear", "features": ["a", "b"], "coefficients": [1, 2], "intercept": 0, "link": "logit"}).encode()


def onnx_file(model: Any, labels: Any, **options: Any) -> bytes:
    return bytes(skl2onnx.to_onnx(model.fit(X, labels), X[:1], **options).SerializeToString())


def settle(folder: Path, content: bytes, task: dict[str, Any], stated: str | None = None) -> Any:
    path = folder / "artifact"
    path.write_bytes(content)
    document = msgspec.convert({"name": "Loans", "task": {"type": "binary_classification"} | task}, ModelDocument)
    return served_class(inspect(path), document, stated)


async def test_the_probability_of_the_documents_positive_class_is_served(hub: Hub, tenant: Tenant) -> None:
    """Before, the second class was served whatever the document said."""
    ready = await upload(hub, tenant, await new_version(hub, tenant, "1.0", CASE["document"], slug="classes"), base64.b64decode(CASE["artifact_base64"]))
    assert ready.artifact is not None
    assert (ready.artifact.classes, ready.artifact.positive_class, ready.artifact.column) == (["default", "paid"], "default", 0)
    assert ready.artifact.meaning == "the probability of default"
    served = await Runtimes(hub.files).serve(facts_of(ready))
    assert served.labels == ("paid", "default")
    rows = np.array([[case["inputs"]["debt"], case["inputs"]["income"]] for case in CASE["expected"]])
    assert served.runtime.predict(rows).score == pytest.approx([case["score"] for case in CASE["expected"]], abs=1e-6)
    explained = served.explain(rows)
    assert (explained.exact, explained.space) == (True, "margin")
    margin = explained.base + explained.values.sum(axis=1)
    assert 1 / (1 + np.exp(-margin)) == pytest.approx([case["score"] for case in CASE["expected"]], abs=1e-6)


@pytest.mark.parametrize("model", [RandomForestClassifier(4, max_depth=3), GradientBoostingClassifier(n_estimators=4), LogisticRegression()], ids=str)
@pytest.mark.parametrize("positive", ["paid", "late"])
@pytest.mark.parametrize("zipmap", [True, False])
async def test_either_class_of_a_classifier_is_served_and_explained(hub: Hub, tenant: Tenant, model: Any, positive: str, zipmap: bool) -> None:
    labels = np.where(LATE, "late", "paid")
    content = onnx_file(model, labels, **({} if zipmap else {"options": {"zipmap": False}}))
    said = {"name": "Loans", "task": {"type": "binary_classification", "positive_class": positive}}
    number = f"2.{hash((str(model), positive, zipmap)) % 10**8}"
    served = await Runtimes(hub.files).serve(facts_of(await upload(hub, tenant, await new_version(hub, tenant, number, said, slug="classes"), content)))
    theirs = model.predict_proba(X[:9])[:, list(model.classes_).index(positive)]
    assert served.runtime.predict(X[:9].astype(float)).score == pytest.approx(theirs, abs=1e-5)
    assert np.abs(served.explain(X[:3].astype(float)).residual).max() < 1e-4


async def test_what_is_stated_of_the_artifact_settles_the_class(hub: Hub, tenant: Tenant) -> None:
    said = {"name": "Loans", "task": {"type": "binary_classification", "classes": ["default", "paid"], "positive_class": "default"}}
    draft = await new_version(hub, tenant, "3.0", said, slug="classes")
    with pytest.raises(ClassUnclear):
        await upload(hub, tenant, draft, lightgbm_text())
    async with hub.work(tenant.admin) as work:
        await state_artifact(work, StateArtifact(version_id=draft.id, artifact=ArtifactStatement(positive_class="1")))
    ready = await upload(hub, tenant, draft, lightgbm_text())
    assert ready.artifact is not None
    assert (ready.artifact.positive_class, ready.artifact.meaning) == ("default", "the probability of default (the artifact's class 1)")


SETTLED: dict[str, tuple[Any, dict[str, Any], str | None, tuple[str, str]]] = {
    "nothing said": (lightgbm_text, {}, None, ("0", "1")),
    "codes": (lightgbm_text, {"classes": ["0", "1"], "positive_class": "1"}, None, ("0", "1")),
    "words of truth": (xgboost_file, {"classes": ["no", "yes"], "positive_class": "yes"}, None, ("no", "yes")),
    "names in the order of the codes, stated": (xgboost_file, {"classes": ["paid", "default"], "positive_class": "default"}, "1", ("paid", "default")),
    "names without a positive class, stated": (lightgbm_text, {"classes": ["paid", "default"]}, "1", ("paid", "default")),
    "a name alone, stated": (linear_json, {"positive_class": "default"}, "1", ("not default", "default")),
    "stated": (lightgbm_text, {"classes": ["default", "paid"], "positive_class": "default"}, "1", ("paid", "default")),
    "log-odds": (lambda: xgboost_file("binary:logitraw"), {"positive_class": "1"}, None, ("0", "1")),
    "texts, stated": (lambda: onnx_file(LogisticRegression(), np.where(LATE, "late", "paid")), {}, "late", ("paid", "late")),
    "the other code of an ONNX model": (lambda: onnx_file(LogisticRegression(), LATE), {"positive_class": "0"}, None, ("1", "0")),
}


@pytest.mark.parametrize("case", SETTLED)
def test_artifact_and_document_settle_the_class(tmp_path: Path, case: str) -> None:
    content, task, stated, names = SETTLED[case]
    assert settle(tmp_path, content(), task, stated).names == names


UNCLEAR: dict[str, tuple[Any, dict[str, Any], str | None, str, str]] = {
    "LightGBM gives the probability of 1": (lightgbm_text, {"positive_class": "0"}, None, "/task/positive_class", "probability of 1 alone"),
    "XGBoost gives the probability of 1": (xgboost_file, {"positive_class": "0"}, None, "/task/positive_class", "probability of 1 alone"),
    "a linear model gives the probability of 1": (linear_json, {"positive_class": "0"}, None, "/task/positive_class", "probability of 1 alone"),
    "a negative word": (lightgbm_text, {"positive_class": "no"}, None, "/task/positive_class", "nothing says whether"),
    "names of codes": (lightgbm_text, {"classes": ["paid", "default"], "positive_class": "default"}, None, "/task/positive_class", "there it is 'paid'"),
    "names of an ONNX model's codes": (
        lambda: onnx_file(LogisticRegression(), LATE), {"classes": ["paid", "default"]}, None, "/task/positive_class", "nothing says what 1 is",
    ),
    "a name of a code": (linear_json, {"positive_class": "default"}, None, "/task/positive_class", "State positive_class '1'"),
    "names of three classes": (xgboost_file, {"classes": ["a", "b", "c"], "positive_class": "c"}, None, "/task/positive_class", "nothing says what 1 is"),
    "the positive class is listed first": (
        lightgbm_text, {"classes": ["default", "paid"], "positive_class": "default"}, None, "/task/positive_class", "State positive_class '1'",
    ),
    "texts and nothing said": (lambda: onnx_file(LogisticRegression(), np.where(LATE, "late", "paid")), {}, None, "/task/positive_class", "'late' and 'paid'"),
    "a class that is not there": (
        lambda: onnx_file(LogisticRegression(), np.where(LATE, "late", "paid")), {"positive_class": "x"}, None, "/task/positive_class", "'late' and 'paid'",
    ),
    "stated, and not there": (lightgbm_text, {}, "late", "/positive_class", "is none of them"),
    "stated of a plain number": (
        lambda: onnx_file(LinearRegression(), X[:, 0]), {"type": "regression"}, "1", "/positive_class", "without classes",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", UNCLEAR)
def test_what_does_not_agree_or_is_not_said_is_asked_for(tmp_path: Path, case: str) -> None:
    content, task, stated, pointer, words = UNCLEAR[case]
    with pytest.raises(ClassUnclear) as refused:
        settle(tmp_path, content(), task, stated)
    assert refused.value.issues[0].pointer == pointer
    assert words in refused.value.issues[0].message


async def test_sample_rows_that_are_met_settle_what_a_documents_names_stand_for(hub: Hub, tenant: Tenant) -> None:
    """Before, label 1 was served as `default` although a wrapper may have numbered `paid` so."""
    said = {"name": "Loans", "task": {"type": "binary_classification", "classes": ["paid", "default"], "positive_class": "default"}}
    draft = await new_version(hub, tenant, "3.1", said, slug="classes")
    answers = lgb.Booster(model_str=lightgbm_text().decode()).predict(X[:5].astype(float))
    with pytest.raises(ClassUnclear):
        await upload(hub, tenant, draft, lightgbm_text())
    for expected, error in ((answers, None), (1 - answers, SamplesDisagree)):
        await state(hub, tenant, draft, SampleRows(rows=X[:5].tolist(), expected=expected.tolist()))
        if error is not None:
            with pytest.raises(error):
                await upload(hub, tenant, draft, lightgbm_text())
            continue
        ready = await upload(hub, tenant, draft, lightgbm_text())
        assert ready.artifact is not None
        assert ready.artifact.meaning == "the probability of default (the artifact's class 1)"
        assert "sample rows match" in ready.artifact.differences[0].message
        draft = await new_version(hub, tenant, "3.2", said, slug="classes")


async def test_sample_rows_that_would_fit_either_class_settle_nothing(hub: Hub, tenant: Tenant) -> None:
    said = {"name": "Loans", "task": {"type": "binary_classification", "positive_class": "default"}}
    draft = await new_version(hub, tenant, "3.3", said, slug="classes")
    await state(hub, tenant, draft, SampleRows(rows=[[0, 0]], expected=[0.5]))
    with pytest.raises(ClassUnclear):
        await upload(hub, tenant, draft, linear_json())


async def state(hub: Hub, tenant: Tenant, draft: Version, samples: SampleRows) -> None:
    async with hub.work(tenant.admin) as work:
        await state_artifact(work, StateArtifact(version_id=draft.id, artifact=ArtifactStatement(samples=samples)))


@pytest.mark.parametrize("zipmap", [True, False])
def test_three_classes_are_refused_with_and_without_a_zipmap(tmp_path: Path, zipmap: bool) -> None:
    """Before, the last class's share was served where a ZipMap hid the number of classes."""
    options = {} if zipmap else {"options": {"zipmap": False}}
    (tmp_path / "artifact").write_bytes(onnx_file(RandomForestClassifier(3, max_depth=2), np.arange(len(X)) % 3, **options))
    with pytest.raises(UnsupportedModel, match=r"3 (classes|numbers)"):
        inspect(tmp_path / "artifact")


@pytest.mark.parametrize("model", [RandomForestRegressor(3, max_depth=2), LinearRegression()], ids=str)
def test_two_targets_are_refused(tmp_path: Path, model: Any) -> None:
    """Before, the second target was served and explained as exact."""
    (tmp_path / "artifact").write_bytes(onnx_file(model, np.c_[X[:, 0], 100 + X[:, 1]]))
    with pytest.raises(UnsupportedModel, match="2 targets"):
        inspect(tmp_path / "artifact")
