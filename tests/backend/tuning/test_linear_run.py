"""A linear preset from a snapshot's Parquet file to the files of its result."""

import json
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.importing.validate import issues
from backend.numerics.linear import read_linear
from backend.runtimes.linear import LinearRuntime
from backend.tuning.child_protocol import Event, Searching, Splitting, Stage, TaskRefused, Trained, TrainingTask
from backend.tuning.presets.linear import run_linear
from backend.tuning.presets.snapshot_rows import read_snapshot
from schemas.columns import Column

COLUMNS = [
    Column(name="when", type="timestamp", role="timestamp"),
    Column(name="who", type="text", role="entity"),
    Column(name="debt", type="number"),
    Column(name="region", type="category", categories=["south", "north"]),
    Column(name="member", type="boolean"),
    Column(name="gender", type="category", role="protected"),
    Column(name="worth", type="number", role="weight"),
    Column(name="end", type="category", role="target", categories=["paid", "late"]),
]
N = 500


def table(**changed: Any) -> pa.Table:
    draw = np.random.default_rng(0)
    debt = draw.normal(size=N)
    late = draw.uniform(size=N) < 1 / (1 + np.exp(-debt))
    found: dict[str, Any] = {
        "when": pa.array((1.7e15 + np.arange(N) * 3.6e10).astype(np.int64), pa.timestamp("us", "UTC")),
        "who": [f"p{at % 200}" for at in range(N)],
        "debt": pa.array(np.where(np.arange(N) % 9 == 0, np.nan, debt), from_pandas=True),
        "region": pa.array(["north" if at % 3 else "south" if at % 2 else None for at in range(N)]).dictionary_encode(),
        "member": [at % 4 == 0 for at in range(N)],
        "gender": ["f" if at % 2 else "m" for at in range(N)],
        "worth": np.full(N, 2.0),
        "end": ["late" if one else "paid" for one in late],
    }
    return pa.table(found | changed)


def task_of(folder: Path, rows: pa.Table, **more: Any) -> TrainingTask:
    pq.write_table(rows, folder / "rows.parquet")
    usual: dict[str, Any] = {"preset": "regularised_glm", "objective": "binary", "columns": COLUMNS, "parameters": {}, "splitting": Splitting(by="time")}
    return TrainingTask(folder=str(folder), rows=str(folder / "rows.parquet"), data_hash="sha256:0", seed=1, threads=1, **(usual | more))


@pytest.mark.parametrize("preset", ["regularised_glm", "scorecard"])
def test_a_task_gives_its_files_and_the_same_bytes_again(tmp_path: Path, preset: str) -> None:
    told: list[Event] = []
    task = task_of(tmp_path, table(), preset=preset)
    found = run_linear(task, told.append, lambda: False)
    assert isinstance(found, Trained)
    document = json.loads(Path(found.document).read_text())
    assert issues(document) == []
    assert document["task"]["classes"] == ["paid", "late"]
    assert document["training"]["split_rows"] == {"train": 350, "validation": 75, "test": 75}
    percents = [event.percent for event in told if isinstance(event, Stage)]
    assert percents == sorted(percents)
    assert percents[-1] == 100
    content = Path(found.artifact).read_bytes()
    runtime = LinearRuntime(read_linear(content))
    snapshot = read_snapshot(task)
    assert found.holdout is not None
    held = pq.read_table(found.holdout)
    assert held.column("row").to_pylist() == list(range(425, 500))
    assert held.column("score").to_pylist() == runtime.predict(snapshot.splits["test"].matrix).score.tolist()
    assert run_linear(task, told.append, lambda: False) != TaskRefused(message="")
    assert Path(found.artifact).read_bytes() == content


def test_values_become_numbers_by_the_columns_types(tmp_path: Path) -> None:
    found = read_snapshot(task_of(tmp_path, table(), splitting=Splitting(by="random", validation=0, test=0)))
    rows = found.splits["train"]
    assert [column.name for column in found.inputs] == ["debt", "region", "member"]
    assert np.isnan(rows.matrix[0]).tolist() == [True, True, False]
    assert rows.matrix[1, 1:].tolist() == [1.0, 0.0]
    assert rows.matrix[3, 1] == 0.0
    assert (rows.weight == 2).all()
    assert rows.groups["gender"][:2] == ["m", "f"]
    assert rows.seconds is not None
    assert rows.seconds[0] == 1.7e9


def test_the_stated_class_is_the_positive_one(tmp_path: Path) -> None:
    one = read_snapshot(task_of(tmp_path, table(), parameters={"positive_class": "paid"}))
    assert one.classes == ["late", "paid"]
    columns = [*COLUMNS[:-1], Column(name="end", type="integer", role="target")]
    numbered = table(end=[10 if at % 2 else 9 for at in range(N)])
    assert read_snapshot(task_of(tmp_path, numbered, columns=columns)).classes == ["9", "10"]
    entity = read_snapshot(task_of(tmp_path, table(), splitting=Splitting(by="entity"))).splits
    names = [f"p{at % 200}" for at in range(N)]
    assert not {names[at] for at in entity["train"].rows} & {names[at] for at in entity["test"].rows}


def without(role: str) -> list[Column]:
    return [column for column in COLUMNS if column.role != role]


UNFIT: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "no target": ({"columns": without("target")}, {}, "/columns"),
    "no input": ({"columns": without("feature")}, {}, "/columns"),
    "a text as input": ({"columns": [*COLUMNS, Column(name="who", type="text")]}, {}, "/columns/8/type"),
    "no categories": ({"columns": [*COLUMNS[:3], Column(name="region", type="category"), *COLUMNS[4:]]}, {}, "/columns/3/categories"),
    "an empty category": ({"columns": [*COLUMNS[:3], Column(name="region", type="category", categories=[""]), *COLUMNS[4:]]}, {}, "/columns/3/categories"),
    "two targets": ({"columns": [*COLUMNS, Column(name="member", type="boolean", role="target")]}, {}, "/columns/8/role"),
    "no time to split by": ({"columns": without("timestamp")}, {}, "/splitting"),
    "three classes": ({}, {"end": ["a", "b"] * 249 + ["c", "c"]}, "/columns/7"),
    "a category as number": ({"objective": "regression"}, {}, "/columns/7/type"),
    "one class": ({}, {"end": ["paid"] * N}, "/columns/7"),
    "another class": ({"parameters": {"positive_class": "lost"}}, {}, "/parameters/positive_class"),
    "weights below 0": ({}, {"worth": np.full(N, -1.0)}, "/columns/6"),
    "a search": ({"searching": Searching(trials=3, space={})}, {}, "/searching"),
    "folds": ({"splitting": Splitting(by="random", folds=3)}, {}, "/splitting/folds"),
    "one row": ({"splitting": Splitting(by="random")}, "one", "/splitting"),  # type: ignore[dict-item]
}


@pytest.mark.parametrize("case", UNFIT)
def test_an_unfit_task_is_refused_where_it_is(tmp_path: Path, case: str) -> None:
    more, changed, pointer = UNFIT[case]
    rows = table().slice(0, 1) if changed == "one" else table(**changed)  # type: ignore[comparison-overlap]
    found = run_linear(task_of(tmp_path, rows, **more), lambda _: None, lambda: False)
    assert isinstance(found, TaskRefused)
    assert found.issues[0].pointer == pointer
    msgspec.json.encode(found)
