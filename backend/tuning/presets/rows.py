"""Rows that a linear preset trains on, and what it hands back."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import msgspec
import numpy as np

from backend.tuning.child_protocol import Event, TrainingTask
from backend.tuning.evaluation.evaluated import Floats, Ints, JudgedRows
from schemas.columns import Column
from schemas.common import Issue, Name, Shape
from schemas.linear_model import MOST_FEATURES, MOST_PARTS, LinearModel
from schemas.model_document import Importance

S = TypeVar("S", bound=Shape)
Emit = Callable[[Event], None]
LARGEST = 1e150
INPUT_TYPES = frozenset({"number", "integer", "boolean", "category"})


class UnfitTask(Exception):
    """The task cannot be trained as it is; `issues` point into it and say what to change."""

    def __init__(self, message: str, issues: Sequence[Issue]) -> None:
        """Tell what is wrong as a whole, and at which places."""
        super().__init__(message)
        self.message, self.issues = message, list(issues)


@dataclass(frozen=True, kw_only=True)
class SplitRows:
    """The rows of one split, as in `JudgedRows`, before the model has answered. `weight` [n] is 1 where the task has no weight column."""

    split: Literal["train", "validation", "test"]
    rows: Ints
    matrix: Floats
    target: Floats
    weight: Floats
    groups: Mapping[str, Sequence[str | None]] = field(default_factory=dict)
    seconds: Floats | None = None

    def part(self, score: Floats, served: Floats | None = None) -> JudgedRows:
        """The rows with the model's answers."""
        return JudgedRows(
            split=self.split, rows=self.rows, matrix=self.matrix, target=self.target, score=score, served=served, groups=self.groups, seconds=self.seconds
        )

    @property
    def usable(self) -> "SplitRows":
        """The rows with a target and a weight above 0."""
        at = np.flatnonzero(np.isfinite(self.target) & np.isfinite(self.weight) & (self.weight > 0))
        groups = {name: [values[int(place)] for place in at] for name, values in self.groups.items()}
        seconds = None if self.seconds is None else self.seconds[at]
        return SplitRows(
            split=self.split, rows=self.rows[at], matrix=self.matrix[at], target=self.target[at], weight=self.weight[at], groups=groups, seconds=seconds
        )


@dataclass(frozen=True, kw_only=True)
class LinearFit:
    """A trained linear model: the artifact, what the evaluation adds to the document, and the margin's recalibration, which is worked into the artifact.

    `probability` turns served scores into probabilities, where they are points. `stopped_early` is true when a time limit or a wish ended the training.
    """

    model: LinearModel
    notes: Sequence[str]
    iterations: int
    stopped_early: bool = False
    recalibration: tuple[float, float] | None = None
    probability: Callable[[Floats], Floats] | None = None
    extensions: Mapping[str, Any] = field(default_factory=dict)


class TrainingLimit:
    """Says whether to go on: until a stop is asked for, or the soft time limit has passed."""

    def __init__(self, seconds: float | None, stopped: Callable[[], bool]) -> None:
        """Start to count now."""
        self._end = None if seconds is None else time.monotonic() + seconds
        self._stopped = stopped
        self.early = False

    def go_on(self) -> bool:
        """Return False once the training must end."""
        self.early = self.early or self._stopped() or (self._end is not None and time.monotonic() >= self._end)
        return not self.early


def settings_of(task: TrainingTask, kind: type[S]) -> S:
    """Return the task's parameters in the preset's own shape. Raises UnfitTask with the parameter's name."""
    try:
        return msgspec.convert(task.parameters, kind)
    except msgspec.ValidationError as error:
        words, _, at = str(error).partition(" - at `$")
        pointer = "/parameters" + at.rstrip("`").replace(".", "/").replace("[", "/").replace("]", "")
        raise UnfitTask("A parameter does not fit the preset.", [Issue(pointer=pointer, message=words)]) from None


def check_inputs(task: TrainingTask, inputs: Sequence[Column]) -> None:
    """Check that there are inputs, of types that a linear model takes. Raises UnfitTask."""
    places = {column.name: at for at, column in enumerate(task.columns)}
    issues = [
        Issue(pointer=f"/columns/{places[column.name]}/type", message=f"{column.name} is {column.type}; make it a category or a number, or ignore the column")
        for column in inputs
        if column.type not in INPUT_TYPES
    ]
    issues += [Issue(pointer=f"/columns/{places[column.name]}/categories", message=words) for column in inputs if (words := _unfit_categories(column))]
    if len(inputs) > MOST_FEATURES:
        issues.append(Issue(pointer="/columns", message=f"there are {len(inputs)} inputs, and a linear model takes {MOST_FEATURES}; ignore some columns"))
    if not inputs:
        issues.append(Issue(pointer="/columns", message="no column has the role feature; give at least one column this role"))
    if issues:
        raise UnfitTask("Some columns cannot be inputs of a linear model.", issues[:50])


def _unfit_categories(column: Column) -> str | None:
    """What is wrong with a category column's list; None where nothing is."""
    if column.type != "category":
        return None
    if not 1 <= len(column.categories) <= MOST_PARTS:
        return f"{column.name} has {len(column.categories)} categories; 1 to {MOST_PARTS} are possible"
    try:
        msgspec.convert(column.categories, list[Name])
    except msgspec.ValidationError:
        return f"{column.name} has a category that is empty, longer than 200 characters, or with control characters"
    return None if len(set(column.categories)) == len(column.categories) else f"{column.name} lists a category twice"


def check_targets(task: TrainingTask, rows: SplitRows) -> None:
    """Check training targets. Raises UnfitTask where nothing can be learnt from them."""
    target = rows.target
    at = next((f"/columns/{place}" for place, column in enumerate(task.columns) if column.role == "target"), "/columns")
    found: str | None = None
    if len(target) == 0:
        found = "no training row has a target"
    elif task.objective == "binary" and len(np.unique(target)) < 2:
        found = "all training rows have one class; a model needs rows of both"
    elif np.abs(target).max() > LARGEST:
        found = f"some targets are beyond {LARGEST:g}"
    elif task.objective == "poisson" and (target.min() < 0 or target.max() == 0):
        found = "a Poisson target is a count: at least 0, and not 0 in all training rows"
    if found:
        raise UnfitTask(f"The target does not fit: {found}.", [Issue(pointer=at, message=found)])


def importance_of(values: Floats, inputs: Sequence[Column]) -> dict[str, list[Importance]]:
    """Return the mean absolute contribution of each input, from contributions [n, f] against their mean."""
    sizes = np.abs(values).mean(axis=0) if len(values) else np.zeros(len(inputs))
    return {column.name: [Importance(method="mean_absolute_contribution", value=float(size))] for column, size in zip(inputs, sizes, strict=True)}
