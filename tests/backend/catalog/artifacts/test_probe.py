"""Loading an unproven artifact in a process of its own."""

import asyncio
import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import skl2onnx
from sklearn.ensemble import RandomForestClassifier

from backend.catalog.artifacts import ArtifactFacts, errors, inspect, probe
from schemas.catalog import ArtifactKind
from tests.backend.numerics.models import train
from tests.backend.numerics.xgboost_models import saved, train_xgboost


def lightgbm_file(folder: Path) -> Path:
    path = folder / "model.txt"
    train(objective="binary").save_model(path)
    return path


async def test_a_sound_lightgbm_model_loads_scores_and_adds_up(tmp_path: Path) -> None:
    path = lightgbm_file(tmp_path)
    report = await probe(path, inspect(path), median=[0.1, 0.2, 0.3, 0.4, 5.0])
    assert len(report.scores) == 3  # the median row, zeros, all missing
    assert all(0 < score < 1 for score in report.scores)
    assert report.additivity is not None
    assert report.additivity < 1e-9
    assert report.network in {"namespace", "open"}


async def test_a_sound_onnx_model_loads_and_scores(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(100, 2)).astype(np.float32)
    path = tmp_path / "model.onnx"
    path.write_bytes(skl2onnx.to_onnx(RandomForestClassifier(3).fit(x, x[:, 0] > 0), x[:1]).SerializeToString())
    report = await probe(path, inspect(path))
    assert len(report.scores) == 1
    assert report.additivity is None


async def test_a_sound_xgboost_model_is_scored_by_xgboost_too_and_both_agree(tmp_path: Path) -> None:
    path = tmp_path / "model.ubj"
    train_xgboost(objective="binary:logistic").save_model(path)
    report = await probe(path, inspect(path), median=[0.1, 0.2, 0.3, 0.4, 5.0])
    assert len(report.scores) == 3
    assert report.additivity is not None
    assert report.additivity < 1e-4


async def test_an_xgboost_file_that_the_library_refuses_is_refused(tmp_path: Path) -> None:
    """Our reader passes over what it does not need; XGBoost's own has the last word."""
    tree = json.loads(saved(train_xgboost(objective="binary:logistic"), "json"))
    tree["learner"]["gradient_booster"]["model"]["gbtree_model_param"]["num_trees"] = "many"
    path = tmp_path / "model.json"
    path.write_text(json.dumps(tree))
    with pytest.raises(errors.ProbeFailed):
        await probe(path, inspect(path))


async def test_a_linear_model_loads_and_scores(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_text('{"format": "linear", "features": ["a"], "coefficients": [2], "intercept": 1}')
    assert (await probe(path, inspect(path))).scores == [1.0]


async def test_bytes_changed_after_inspection_are_not_loaded(tmp_path: Path) -> None:
    path = lightgbm_file(tmp_path)
    facts = inspect(path)
    path.write_bytes(path.read_bytes().replace(b"shrinkage=0.1", b"shrinkage=0.2"))
    with pytest.raises(errors.ProbeFailed, match="changed since it was checked"):
        await probe(path, facts)


async def test_a_model_without_finite_scores_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    text = train(rounds=1, objective="regression").model_to_string()
    head, _, tail = text.partition("leaf_value=")
    values, _, rest = tail.partition("\n")
    huge = " ".join(["1e308"] * len(values.split()))
    edited = head + "leaf_value=" + huge + "\n" + rest
    edited = edited.replace(f"tree_sizes={_tree_size(text)}", f"tree_sizes={_tree_size(edited)}").replace("objective=regression\n", "objective=poisson\n")
    path.write_text(edited)
    with pytest.raises(errors.ProbeFailed, match="finite"):
        await probe(path, inspect(path))


def _tree_size(text: str) -> int:
    return text.index("end of trees") - text.index("Tree=0")


async def test_a_probe_that_hangs_is_killed_and_says_so(tmp_path: Path) -> None:
    """A named pipe that nobody writes to: opening it never returns, as a native library in a loop never would."""
    path = tmp_path / "pipe"
    os.mkfifo(path)
    facts = ArtifactFacts(kind=ArtifactKind.LIGHTGBM, sha256="0" * 64, size_bytes=1, features=["a"], named=True, outputs=1)
    started = asyncio.get_running_loop().time()
    with pytest.raises(errors.ProbeFailed, match="did not finish within 2 s"):
        await probe(path, facts, seconds=2)
    assert asyncio.get_running_loop().time() - started < 5


async def test_a_native_crash_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is a real process that dies of a real segmentation fault."""
    child = tmp_path / "child.py"
    child.write_text("import ctypes\nctypes.string_at(0)\n")
    monkeypatch.setattr(sys.modules["backend.catalog.artifacts.probe"], "CHILD", child)
    path = lightgbm_file(tmp_path)
    with pytest.raises(errors.ProbeFailed, match="SIGSEGV"):
        await probe(path, inspect(path))


async def test_the_child_has_no_environment_network_or_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child limits itself before anything else; this one then tries what it must not do."""
    monkeypatch.setenv("TILTYARD_SECRET_KEY", "not for children")
    probing = Path(errors.__file__).parents[2] / "runtimes" / "probe_child.py"
    child = tmp_path / "child.py"
    child.write_text(
        f"""
import json, os, runpy, signal, socket, sys
module = runpy.run_path({str(probing)!r}, run_name="probing")
network = module["_leave_network"]()
module["_limit"](10, 1 << 28)
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
def tried(action):
    try:
        action()
    except (OSError, MemoryError) as error:
        return type(error).__name__
    return "done"
def write():
    with open({str(tmp_path / "written")!r}, "wb") as file:
        file.write(b"x")
found = [tried(write), tried(lambda: bytearray(1 << 33)), tried(lambda: socket.create_connection(("127.0.0.1", 9), 1)), "TILTYARD_SECRET_KEY" in os.environ]
print(json.dumps({{"seconds": 0.0, "network": network, "scores": [], "additivity": None, "error": repr(found)}}))
"""
    )
    monkeypatch.setattr(sys.modules["backend.catalog.artifacts.probe"], "CHILD", child)
    path = lightgbm_file(tmp_path)
    with pytest.raises(errors.ProbeFailed) as refusal:
        await probe(path, inspect(path))
    written, memory, connected, leaked = eval(refusal.value.message.split(": ", 1)[1].split(". It is")[0])
    assert (written, memory, leaked) == ("OSError", "MemoryError", False)
    assert connected != "done"
