"""Training of the linear presets: check, fit, score through the product's own runtime, evaluate."""

import resource
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import numpy as np

from backend.numerics.linear import MalformedLinear, read_linear
from backend.runtimes.linear import LinearRuntime
from backend.tuning.child_protocol import Curve, Event, Stage, TrainingTask
from backend.tuning.evaluation.evaluated import Costs, Evaluated, JudgedRows
from backend.tuning.evaluation.surroundings import version_of
from backend.tuning.presets.glm.preset import train_glm
from backend.tuning.presets.rows import Emit, LinearFit, SplitRows, TrainingLimit, UnfitTask, check_inputs, check_targets, importance_of
from backend.tuning.presets.scorecard.preset import train_scorecard
from schemas.columns import Column
from schemas.common import Issue
from schemas.model_document import Algorithm

IMPORTANCE_ROWS = 5_000
ARTIFACT = "model.json"


@dataclass(frozen=True)
class LinearResult:
    """The artifact's bytes, what the evaluation takes, and the inputs that may be missing."""

    artifact: bytes
    evaluated: Evaluated
    takes_missing: frozenset[str]
    stopped_early: bool
    seconds: float


def train_linear(
    task: TrainingTask, inputs: Sequence[Column], classes: Sequence[str], splits: Mapping[str, SplitRows], emit: Emit, stopped: Callable[[], bool]
) -> LinearResult:
    """Train `regularised_glm` or `scorecard`. `splits` are train, validation and test; the last two may be empty. Raises UnfitTask."""
    started, clock = datetime.now(UTC), TrainingLimit(task.soft_seconds, stopped)
    begun = time.perf_counter()
    train, validation = splits["train"].usable, splits["validation"].usable
    check_inputs(task, inputs)
    check_targets(task, train)
    curves: list[Curve] = []

    def told(event: Event) -> None:
        if isinstance(event, Curve):
            curves.append(event)
        emit(event)

    found = train_glm(task, inputs, train, validation, told, clock) if task.preset == "regularised_glm" else train_scorecard(task, inputs, train, told, clock)
    content = msgspec.json.encode(found.model)
    seconds = time.perf_counter() - begun
    emit(Stage(name="evaluating", percent=75))
    runtime = _runtime(content)
    costs = Costs(seconds=seconds, peak_memory_bytes=peak_memory(), started=started.isoformat(), finished=datetime.now(UTC).isoformat())
    evaluated = Evaluated(
        task=task,
        inputs=inputs,
        parts=[_part(runtime, rows, found) for rows in splits.values()],
        classes=classes,
        algorithm=_algorithm(task),
        parameters=_parameters(task, found),
        costs=costs,
        importance=importance_of(_contributions(runtime, train), inputs),
        curves=curves,
        recalibrated=found.recalibration is not None,
        considerations=found.notes,
        extensions=found.extensions,
    )
    return LinearResult(content, evaluated, frozenset(read_linear(content).takes_missing), found.stopped_early, seconds)


def peak_memory() -> int:
    """The most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def _runtime(content: bytes) -> LinearRuntime:
    """The product's own runtime, of the artifact's bytes: what it scores here is what the endpoint answers."""
    try:
        return LinearRuntime(read_linear(content))
    except MalformedLinear as error:
        message = f"the fit gave no finite model ({error}); more strength, or inputs and targets of ordinary size, help"
        raise UnfitTask("The fit did not succeed.", [Issue(pointer="/parameters/strength", message=message)]) from None


def _part(runtime: LinearRuntime, rows: SplitRows, found: LinearFit) -> JudgedRows:
    served = runtime.predict(rows.matrix).score
    return rows.part(served) if found.probability is None else rows.part(found.probability(served), served)


def _contributions(runtime: LinearRuntime, train: SplitRows) -> Any:
    """Contributions of at most 5,000 rows that the model scores, against their own mean."""
    at = np.unique(np.linspace(0, len(train.target) - 1, min(len(train.target), IMPORTANCE_ROWS)).astype(np.int64))
    matrix = train.matrix[at]
    return runtime.explain(matrix, matrix).values


def _algorithm(task: TrainingTask) -> Algorithm:
    name = {"binary": "logistic regression", "regression": "linear regression", "poisson": "Poisson regression"}[task.objective]
    name = "scorecard" if task.preset == "scorecard" else f"regularised {name}"
    return Algorithm(family="linear", name=name, framework="scikit-learn", framework_version=version_of("scikit-learn"), artifact_format="linear")


def _parameters(task: TrainingTask, found: LinearFit) -> dict[str, Any]:
    said = dict(task.parameters) | {"iterations": found.iterations}
    return said | ({"recalibration": {"slope": found.recalibration[0], "intercept": found.recalibration[1]}} if found.recalibration else {})
