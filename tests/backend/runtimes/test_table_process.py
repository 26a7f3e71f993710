"""The tables of a large model are compiled in a process of its own, so that the process that answers keeps its time and its memory."""

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import numpy as np
import pytest
import skl2onnx
from sklearn.ensemble import RandomForestClassifier

from backend.numerics.attribution.compiled import CompiledExplainer
from backend.runtimes import explainer_cache, load_runtime, table_process
from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.protocol import Use
from backend.runtimes.served_versions import Runtimes, ServedVersion, VersionFacts
from backend.runtimes.table_process import make_tables
from schemas.catalog import Artifact, ArtifactKind
from tests.backend.numerics.models import table, train
from tests.backend.numerics.xgboost_models import saved, train_xgboost

ROWS, BACKGROUND = table(20, seed=9), table(6, seed=4)


def forest() -> bytes:
    rows = np.nan_to_num(table()).astype(np.float32)
    return bytes(skl2onnx.to_onnx(RandomForestClassifier(4, max_depth=4, random_state=0).fit(rows, rows[:, 0] > 0), rows[:1]).SerializeToString())


CASES: dict[str, tuple[ArtifactKind, Any, Use, Any]] = {
    "LightGBM": (ArtifactKind.LIGHTGBM, lambda: train(objective="binary").model_to_string().encode(), Use(), None),
    "LightGBM against rows": (ArtifactKind.LIGHTGBM, lambda: train(objective="binary").model_to_string().encode(), Use(), BACKGROUND),
    "XGBoost, some rounds": (ArtifactKind.XGBOOST, lambda: saved(train_xgboost(objective="binary:logistic")), Use(rounds=4, missing=-999.0), BACKGROUND),
    "ONNX, the first class": (ArtifactKind.ONNX, forest, Use(column=0, columns=2), np.nan_to_num(BACKGROUND)),
}


@pytest.mark.parametrize("case", CASES)
def test_the_tables_that_a_process_of_its_own_made_are_those_that_are_made_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    kind, content, use, background = CASES[case]
    path = tmp_path / "artifact"
    path.write_bytes(content())
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    here = load_runtime(kind, path, sha256, use).explain(np.nan_to_num(ROWS), background)
    for made in tmp_path.glob("*.table"):
        made.unlink()
    monkeypatch.setattr(explainer_cache, "LEAVES_AT_ONCE", 1)
    runtime = load_runtime(kind, path, sha256, use)
    assert not runtime.tables_at_hand(background)
    make_tables(kind, path, sha256, use, background)
    assert runtime.tables_at_hand(background)
    monkeypatch.setattr(CompiledExplainer, "compile", None)  # nothing is compiled in this process
    there = runtime.explain(np.nan_to_num(ROWS), background)
    assert (there.method, there.base, there.background) == (here.method, here.base, here.background)
    assert np.array_equal(there.values, here.values)


def facts_of_file(path: Path) -> VersionFacts:
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    names = [f"x{i}" for i in range(5)]
    artifact = Artifact(kind=ArtifactKind.LIGHTGBM, sha256=sha256, size_bytes=1, features=names, outputs=1, uploaded_at=datetime.now(UTC))
    return VersionFacts(id=uuid4(), version="1.0.0", artifact=artifact)


async def served(path: Path) -> ServedVersion:
    """The LightGBM file, as a process that answers has it."""
    files = cast("Any", SimpleNamespace(fetch=lambda name, digest: path))
    return await Runtimes(files).serve(facts_of_file(path))


async def test_a_large_version_is_served_without_being_compiled_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before, the compiler held the GIL in steps of up to a second, and its memory stayed with the process."""
    path = tmp_path / "artifact"
    train(objective="binary").save_model(path)
    monkeypatch.setattr(explainer_cache, "LEAVES_AT_ONCE", 1)
    monkeypatch.setattr(CompiledExplainer, "compile", None)
    version = await served(path)
    assert np.abs(version.explain(ROWS).residual).max() < 1e-9


async def test_a_process_that_fails_is_no_reason_not_to_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    path, child = tmp_path / "artifact", tmp_path / "child.py"
    train(objective="binary").save_model(path)
    child.write_text("raise MemoryError('no room')\n")
    monkeypatch.setattr(explainer_cache, "LEAVES_AT_ONCE", 1)
    monkeypatch.setattr(table_process, "CHILD", child)
    version = await served(path)
    assert version.runtime.predict(ROWS).score.shape == (20,)
    assert "no room" in caplog.text


def test_the_process_gets_no_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    child = tmp_path / "child.py"
    child.write_text("import os, sys\nsys.exit(','.join(sorted(os.environ)))\n")
    monkeypatch.setattr(table_process, "CHILD", child)
    monkeypatch.setenv("TILTYARD_SECRET_KEY", "not for children")
    with pytest.raises(RuntimeRefused) as refused:
        make_tables(ArtifactKind.LINEAR, tmp_path, "", Use(), None)
    assert "PATH" in os.environ
    assert "PATH" in refused.value.message
    assert "SECRET" not in refused.value.message
