"""Every kind of artifact from upload to explanation, and the guide's words on how to export each."""

import asyncio
import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import lightgbm as lgb
import msgspec
import numpy as np
import onnx
import pytest
import skl2onnx
import xgboost as xgb
from sklearn.ensemble import AdaBoostClassifier, IsolationForest

from backend.catalog.artifact_check import check
from backend.catalog.artifact_files import artifact_name
from backend.catalog.artifacts import inspect
from backend.catalog.artifacts.errors import ProbeFailed
from backend.catalog.errors import BackgroundUnfit
from backend.groups import service as groups
from backend.hub import Hub
from backend.runtimes.served_versions import Runtimes, explanations, facts_of
from schemas.catalog import ArtifactKind, ArtifactStatement, SampleRows, Version
from schemas.groups import CreateGroup, Group, MemberRole, MemberSpec
from schemas.inference import PredictBody
from schemas.model_document import ModelDocument
from tests.backend.catalog.test_versions import new_version, upload
from tests.support.predictions import ask, drain, logged
from tests.support.tenants import Tenant

GUIDE = Path(__file__).resolve().parents[3] / "docs/guide/models.md"
KINDS = {"model.ubj": ArtifactKind.XGBOOST, "model.onnx": ArtifactKind.ONNX, "model.json": ArtifactKind.LINEAR}
FEATURES = ["debt", "income"]
SAID: dict[str, Any] = {"name": "Loans", "task": {"type": "binary_classification"}, "features": [{"name": name} for name in FEATURES]}
BACKGROUND = [{"debt": 12.5, "income": 40}, {"income": 31, "debt": 55}]
ROWS = np.array([[12.5, 40.0], [55.0, 31.0]])


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the guide's programs write, run as they stand."""
    folder = tmp_path_factory.mktemp("exported")
    programs = [program for program in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "samples" not in program]
    assert len(programs) == len(KINDS)
    for program in programs:
        subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=folder, check=True, timeout=100)
    return folder


@pytest.mark.parametrize("name", KINDS)
def test_what_the_guide_exports_is_what_it_says_with_its_features_named(exported: Path, name: str) -> None:
    facts = inspect(exported / name)
    assert (facts.kind, facts.features, facts.named) == (KINDS[name], FEATURES, True)


async def test_the_guides_sample_rows_are_met_by_what_it_exports(tmp_path: Path) -> None:
    programs = [program for program in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL) if "samples" in program]
    assert len(programs) == 3
    for program, name in zip(programs, ("model.txt", "model.ubj", "model.onnx"), strict=True):
        await asyncio.to_thread(subprocess.run, [sys.executable, "-W", "ignore", "-c", program], cwd=tmp_path, check=True, timeout=100)
        samples = msgspec.json.decode((tmp_path / "samples.json").read_bytes(), type=SampleRows)
        found = await check(tmp_path / name, ModelDocument(name="Loans"), ArtifactStatement(samples=samples), 1 << 28)
        assert (len(found.report.sample_scores), found.features) == (50, FEATURES)


async def ready(hub: Hub, tenant: Tenant, content: bytes, version: str, **said: Any) -> Version:
    return await upload(hub, tenant, await new_version(hub, tenant, version, SAID | said, slug="kinds"), content)


@pytest.mark.parametrize("name", KINDS)
async def test_it_is_served_and_its_explanations_are_exact_and_add_up(hub: Hub, tenant: Tenant, exported: Path, name: str) -> None:
    version = await ready(hub, tenant, (exported / name).read_bytes(), "1.0")
    assert version.artifact is not None
    assert version.document.algorithm is not None
    assert version.document.algorithm.artifact_format == KINDS[name]
    served = await Runtimes(hub.files).serve(facts_of(version))
    rows = np.array([[0.3, -1.2], [2.0, 0.5]])
    explained = served.explain(rows)
    assert explained.exact
    assert explained.space == "margin"
    margin = explained.base + explained.values.sum(axis=1)
    assert np.allclose(1 / (1 + np.exp(-margin)), served.runtime.predict(rows).score, atol=1e-6)
    assert np.abs(explained.residual).max() < 1e-5


@pytest.mark.parametrize("name", KINDS)
async def test_rows_that_the_document_brings_are_what_explanations_compare_with(hub: Hub, tenant: Tenant, exported: Path, name: str) -> None:
    version = await ready(hub, tenant, (exported / name).read_bytes(), "1.1", extensions={"background": BACKGROUND})
    assert version.artifact is not None
    digest = hashlib.sha256(ROWS.tobytes()).hexdigest()
    assert version.artifact.background == digest
    assert (hub.data_dir / artifact_name(digest)).read_bytes() == ROWS.tobytes()
    served = await Runtimes(hub.files).serve(facts_of(version))
    explained = served.explain(np.array([[0.3, -1.2]]))
    assert (explained.exact, explained.background) == (True, digest)
    score = served.runtime.predict(ROWS).score
    assert explained.base == pytest.approx(np.log(score / (1 - score)).mean(), abs=1e-4)


async def test_medians_of_the_document_are_compared_with_where_there_is_nothing_else(hub: Hub, tenant: Tenant, exported: Path) -> None:
    features = [{"name": name, "stats": {"median": median}} for name, median in zip(FEATURES, (20.0, 45.0), strict=True)]
    version = await ready(hub, tenant, (exported / "model.json").read_bytes(), "1.2", features=features)
    served = await Runtimes(hub.files).serve(facts_of(version))
    assert served.explain(ROWS).background == hashlib.sha256(np.array([[20.0, 45.0]]).tobytes()).hexdigest()


UNFIT: dict[str, Any] = {
    "no list": {"debt": 1},
    "no rows": [],
    "too many rows": [{"debt": 1, "income": 2}] * 1001,
    "a row that is none": [[1, 2]],
    "a word": [{"debt": "high", "income": 2}],
    "a missing value for a linear model": [{"debt": 1}],
}


@pytest.mark.parametrize("case", UNFIT)
async def test_rows_that_are_none_are_refused_where_they_are(hub: Hub, tenant: Tenant, case: str) -> None:
    content = json.dumps({"format": "linear", "features": FEATURES, "coefficients": [1, 2], "intercept": 0}).encode()
    with pytest.raises(BackgroundUnfit) as refused:
        await ready(hub, tenant, content, "1.3", extensions={"background": UNFIT[case]})
    assert refused.value.issues[0].pointer.startswith("/extensions/background")


async def alone(hub: Hub, tenant: Tenant, version: Version) -> Group:
    """A group in which one version answers."""
    slug = f"alone_{uuid4().hex[:8]}"
    members = [MemberSpec(version_id=version.id, role=MemberRole.CHAMPION, share=10_000)]
    async with hub.work(tenant.admin) as work:
        return await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))


@pytest.mark.parametrize(("name", "method"), [("model.onnx", "sampled_permutation"), ("model.ubj", "tree_path_dependent")])
async def test_what_is_too_large_to_compile_is_explained_by_the_worker_and_an_estimate_says_so(
    hub: Hub, tenant: Tenant, exported: Path, monkeypatch: pytest.MonkeyPatch, name: str, method: str
) -> None:
    monkeypatch.setattr("backend.numerics.attribution.limits.MAX_LEAVES", 3)
    version = await ready(hub, tenant, (exported / name).read_bytes(), f"1.{5 + len(method)}")
    group = await alone(hub, tenant, version)
    (answer,) = await ask(hub, tenant, group, PredictBody(inputs={"debt": 1.0, "income": 2.0}, explain=True))
    assert answer.explanation is None
    await drain(hub, group)
    explanation: Any = (await logged(hub, tenant, group))[answer.inference_id]["explanation"]
    assert (explanation["method"], explanation["exact"]) == (method, method != "sampled_permutation")
    assert (explanation["error"] is None) == explanation["exact"]


def saved_lightgbm(objective: str) -> bytes:
    rows = np.random.default_rng(1).normal(size=(400, 2))
    data = lgb.Dataset(rows, (rows[:, 0] > 0).astype(float), feature_name=FEATURES)
    return lgb.train({"objective": objective, "verbose": -1, "num_threads": 1}, data, 10).model_to_string().encode()


def saved_xgboost(objective: str) -> bytes:
    rows = np.random.default_rng(1).normal(size=(400, 2))
    data = xgb.DMatrix(rows, label=(rows[:, 0] > 0).astype(float), feature_names=FEATURES)
    return bytes(xgb.train({"objective": objective, "nthread": 1}, data, 10).save_raw("ubj"))


@pytest.mark.parametrize(
    ("number", "content", "probable"),
    [
        ("2.1", lambda: saved_lightgbm("binary"), True),
        ("2.2", lambda: saved_lightgbm("cross_entropy"), True),
        ("2.3", lambda: saved_lightgbm("cross_entropy_lambda"), False),
        ("2.4", lambda: saved_xgboost("binary:logistic"), True),
        ("2.5", lambda: saved_xgboost("binary:logitraw"), False),
    ],
)
async def test_only_what_is_a_probability_is_answered_as_one(hub: Hub, tenant: Tenant, number: str, content: Callable[[], bytes], probable: bool) -> None:
    version = await ready(hub, tenant, content(), number)
    group = await alone(hub, tenant, version)
    (answer,) = await ask(hub, tenant, group, PredictBody(inputs={"debt": 3.0, "income": 2.0}))
    assert answer.output.probability == (answer.score if probable else None)


async def test_what_answers_no_probability_where_it_claims_one_is_refused_when_it_is_uploaded(hub: Hub, tenant: Tenant) -> None:
    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    model = skl2onnx.to_onnx(IsolationForest(n_estimators=5, random_state=0).fit(x + 9), x[:1], target_opset={"": 17, "ai.onnx.ml": 3})
    with pytest.raises(ProbeFailed, match="instead of a probability from 0 to 1"):
        await ready(hub, tenant, model.SerializeToString(), "2.6")


async def test_an_estimate_is_made_by_the_worker_never_while_somebody_waits(hub: Hub, tenant: Tenant) -> None:
    x = np.random.default_rng(0).normal(size=(200, 2)).astype(np.float32)
    model = skl2onnx.to_onnx(AdaBoostClassifier(n_estimators=3).fit(x, (x[:, 0] > 0).astype(int)), x[:1])
    onnx.helper.set_model_props(model, {"feature_names": json.dumps(FEATURES)})
    version = await ready(hub, tenant, model.SerializeToString(), "1.4")
    (answer,) = await ask(hub, tenant, await alone(hub, tenant, version), PredictBody(inputs={"debt": 1.0, "income": 2.0}, explain=True))
    assert answer.explanation is None
    served = await Runtimes(hub.files).serve(facts_of(version))
    (explained,) = explanations(served, served.explain(np.array([[1.0, 2.0]])))
    assert (explained.method, explained.exact) == ("sampled_permutation", False)
    assert explained.error is not None


async def test_the_guides_bins_levels_and_missing_values_are_served_as_the_guide_says(hub: Hub, tenant: Tenant) -> None:
    (shown,) = [one for one in re.findall(r"```json\n(.*?)```", GUIDE.read_text(), re.DOTALL) if '"terms"' in one]
    said = {"features": [], "extensions": {"background": [{"debt": 1.0, "income": None, "region": "south"}]}}
    version = await ready(hub, tenant, shown.encode(), "3.1", **said)
    assert version.artifact is not None
    assert version.artifact.categories == {"region": ["north", "south"]}
    assert [feature.name for feature in version.document.features if feature.type == "category"] == ["region"]
    group = await alone(hub, tenant, version)
    asked: list[tuple[dict[str, Any], float]] = [
        ({"debt": 1.5, "income": 45, "region": "south"}, 0.8 * 1.5 - 0.4 + 0.3),
        ({"region": "north"}, 0.35 + 0.2 + 0.0),
    ]
    for inputs, parts in asked:
        (answer,) = await ask(hub, tenant, group, PredictBody(inputs=inputs, explain=True))
        assert answer.score == pytest.approx(1 / (1 + np.exp(2.1 - parts)), rel=1e-12)
        assert answer.explanation is not None
        assert answer.explanation.exact
    with pytest.raises(Exception, match="does not take these values") as refused:
        await ask(hub, tenant, group, PredictBody(inputs={"region": "west"}))
    assert "north, south" in str(getattr(refused.value, "issues", ""))
