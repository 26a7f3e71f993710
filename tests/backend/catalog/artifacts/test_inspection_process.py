"""A large artifact is read in a process of its own: the same facts, the same refusals, and none of its memory."""

import json
import resource
from pathlib import Path

import pytest

from backend.catalog.artifacts import errors, inspect, inspect_aside
from tests.backend.numerics.models import SHAPES, train
from tests.backend.numerics.xgboost_models import saved as saved_xgboost
from tests.backend.numerics.xgboost_models import train_xgboost


async def test_the_facts_are_those_that_are_read_here(tmp_path: Path) -> None:
    for name, content in (
        ("lightgbm", train(**next(iter(SHAPES.values()))).model_to_string().encode()),
        ("xgboost", saved_xgboost(train_xgboost(objective="binary:logistic"), "json")),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        assert await inspect_aside(path, small_bytes=0) == inspect(path)


async def test_a_refusal_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(errors.UnservableArtifact) as here:
        inspect(path)
    with pytest.raises(type(here.value)) as there:
        await inspect_aside(path, small_bytes=0)
    assert there.value.message == here.value.message


async def test_a_large_json_takes_no_memory_of_ours(tmp_path: Path) -> None:
    path = tmp_path / "upload"
    path.write_text(json.dumps({"learner": {"learner_model_param": {}, "rows": [[index, float(index)] for index in range(1_500_000)]}, "version": [3, 0, 0]}))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(errors.UnservableArtifact):
        await inspect_aside(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024
