"""A large artifact is read in a process of its own: the same facts, the same refusals, and none of its memory."""

import json
import subprocess
import sys
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


SCRIPT = """
import asyncio, sys
from pathlib import Path
from backend.catalog.artifacts import inspect_aside

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM")))

before = peak()
facts = asyncio.run(inspect_aside(Path(sys.argv[1]), small_bytes=int(sys.argv[2])))
print(facts.trees, (peak() - before) // 1024)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_json_takes_no_memory_of_ours(tmp_path: Path) -> None:
    """Peaks of a process of its own: here, and in the child."""
    model = json.loads(saved_xgboost(train_xgboost(objective="binary:logistic"), "json"))
    inner = model["learner"]["gradient_booster"]["model"]
    tree = inner["trees"][0]
    count = 20_000_000 // len(json.dumps(tree))
    inner["trees"] = [tree | {"id": index} for index in range(count)]
    inner |= {"tree_info": [0] * count, "iteration_indptr": list(range(count + 1))}
    inner["gbtree_model_param"]["num_trees"] = str(count)
    path = tmp_path / "upload"
    path.write_text(json.dumps(model))
    peaks = []
    for small in (1 << 40, 0):
        done = subprocess.run([sys.executable, "-c", SCRIPT, str(path), str(small)], capture_output=True, text=True, check=True)
        trees, grown = done.stdout.split()
        assert int(trees) == count
        peaks.append(int(grown))
    assert peaks[0] > 50, "it does take memory where it is read here"
    assert peaks[1] < 20
