"""Reads a snapshot's rows (Parquet) for a linear preset: inputs as numbers, target, weight, groups and times, by split."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from backend.numerics.splits import UnusableSplit, split
from backend.tuning.child_protocol import TrainingTask
from backend.tuning.evaluation.evaluated import CLASSIFIES, Floats, Ints
from backend.tuning.presets.rows import SplitRows, UnfitTask, check_inputs
from schemas.columns import Column
from schemas.common import Issue

SPLITS: tuple[Literal["train", "validation", "test"], ...] = ("train", "validation", "test")


@dataclass(frozen=True)
class Snapshot:
    """The rows by split; the model's inputs; the target's classes in the order of their codes (none for a number)."""

    splits: dict[str, SplitRows]
    inputs: list[Column]
    classes: list[str]


def read_snapshot(task: TrainingTask) -> Snapshot:
    """Read and divide the rows. Raises UnfitTask."""
    inputs = [column for column in task.columns if column.role == "feature"]
    check_inputs(task, inputs)
    table = _table(task)
    target_at, target = _one(task, "target")
    if target is None:
        raise UnfitTask("There is no target.", [Issue(pointer="/columns", message="no column has the role target; give one column this role")])
    positive = task.parameters.get("positive_class")
    values, classes = _target(table.column(target.name), task, target_at, positive if isinstance(positive, str) else None)
    weight = _weight(task, table)
    matrix = np.column_stack([np.empty((len(table), 0)), *(numbers(table.column(column.name), column) for column in inputs)])
    groups = {column.name: _texts(table.column(column.name)) for column in task.columns if column.role in ("protected", "segment")}
    _, clock = _one(task, "timestamp")
    seconds = _seconds(table.column(clock.name)) if clock else None
    parts = _divided(task, table, values, seconds)
    return Snapshot({name: _rows(name, at, matrix, values, weight, groups, seconds) for name, at in zip(SPLITS, parts, strict=True)}, inputs, classes)


def numbers(values: pa.ChunkedArray, column: Column) -> Floats:
    """Return a column as numbers [n], NaN for a missing value. A category is its place among the column's categories; another value counts as missing."""
    if column.type == "category":
        return _float(pc.index_in(_plain(values), value_set=pa.array(column.categories, pa.string())))
    return _float(values)


def _table(task: TrainingTask) -> pa.Table:
    names = [column.name for column in task.columns if column.role != "ignore"]
    return pq.read_table(Path(task.rows), columns=names)


def _one(task: TrainingTask, role: str) -> tuple[int, Column | None]:
    """The place and column of a role that at most one column has. Raises UnfitTask."""
    found = [(at, column) for at, column in enumerate(task.columns) if column.role == role]
    if len(found) > 1:
        raise UnfitTask("A role is given twice.", [Issue(pointer=f"/columns/{at}/role", message=f"only one column can be the {role}") for at, _ in found[1:]])
    return found[0] if found else (0, None)


def _target(values: pa.ChunkedArray, task: TrainingTask, at: int, positive: str | None) -> tuple[Floats, list[str]]:
    """The target [n] as numbers or class codes, and the classes. The positive class of two is the last: as stated, or the later one in order."""
    column = task.columns[at]
    if task.objective not in CLASSIFIES:
        if column.type not in ("number", "integer", "boolean"):
            message = f"{column.name} is {column.type}; the objective {task.objective} needs a number"
            raise UnfitTask("The target does not fit the objective.", [Issue(pointer=f"/columns/{at}/type", message=message)])
        return _float(values), []
    texts = _plain(values)
    seen = {text for text in pc.unique(texts).to_pylist() if text is not None}
    classes = [text for text in column.categories if text in seen] + sorted(seen - set(column.categories), key=_order)
    if task.objective == "binary" and len(classes) > 2:
        message = f"{column.name} has {len(classes)} classes; the objective binary needs two"
        raise UnfitTask("The target does not fit the objective.", [Issue(pointer=f"/columns/{at}", message=message)])
    if positive is not None and positive not in classes:
        raise UnfitTask("There is no such class.", [Issue(pointer="/parameters/positive_class", message=f"no row has the class {positive[:100]!r}")])
    if positive is not None:
        classes = [one for one in classes if one != positive] + [positive]
    return _float(pc.index_in(texts, value_set=pa.array(classes, pa.string()))), classes


def _order(text: str) -> tuple[int, float, str]:
    try:
        return 0, float(text), text
    except ValueError:
        return 1, 0.0, text


def _weight(task: TrainingTask, table: pa.Table) -> Floats:
    at, column = _one(task, "weight")
    if column is None:
        return np.ones(len(table))
    weight = _float(table.column(column.name))
    if not (np.isfinite(weight) & (weight >= 0) & (weight <= 1e12)).all():
        raise UnfitTask("The weights do not fit.", [Issue(pointer=f"/columns/{at}", message=f"{column.name} has missing, negative or too large weights")])
    return weight


def _divided(task: TrainingTask, table: pa.Table, target: Floats, seconds: Floats | None) -> Sequence[Ints]:
    said = task.splitting
    _, entity = _one(task, "entity")
    entities = np.array(_texts(table.column(entity.name)), dtype=object) if entity else None
    try:
        return split(said.by, len(table), validation=said.validation, test=said.test, seed=task.seed, times=seconds, entities=entities, target=target)
    except UnusableSplit as error:
        raise UnfitTask("The rows cannot be divided so.", [Issue(pointer="/splitting", message=str(error))]) from None


def _rows(name: Any, at: Ints, matrix: Floats, target: Floats, weight: Floats, groups: dict[str, list[str | None]], seconds: Floats | None) -> SplitRows:
    return SplitRows(
        split=name,
        rows=at,
        matrix=matrix[at],
        target=target[at],
        weight=weight[at],
        groups={column: [values[place] for place in at.tolist()] for column, values in groups.items()},
        seconds=None if seconds is None else seconds[at],
    )


def _plain(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values as texts; a whole number without its decimal point."""
    kind = values.type.value_type if pa.types.is_dictionary(values.type) else values.type
    plain = values.cast(kind)
    if pa.types.is_floating(kind):
        return pa.chunked_array([pa.array([None if one is None or one != one else f"{one:.17g}" for one in plain.to_pylist()], pa.string())])
    return plain.cast(pa.string())


def _texts(values: pa.ChunkedArray) -> list[str | None]:
    found: list[str | None] = _plain(values).to_pylist()
    return found


def _float(values: pa.ChunkedArray) -> Floats:
    found = np.asarray(values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64).copy()
    found[~np.isfinite(found)] = np.nan
    return found


def _seconds(values: pa.ChunkedArray) -> Floats:
    """Times as seconds since 1970 (UTC)."""
    if pa.types.is_timestamp(values.type):
        return _float(values.cast(pa.timestamp("us")).cast(pa.int64())) / 1e6
    return _float(values)
