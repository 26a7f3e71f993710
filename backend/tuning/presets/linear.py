"""Runs the linear presets for the training process: from a task to its files and its last event."""

import time
from collections.abc import Callable
from pathlib import Path

from backend.tuning.child_protocol import Line, Stage, TaskRefused, Trained, TrainingTask
from backend.tuning.evaluation.evaluate import evaluate, write
from backend.tuning.presets.linear_training import ARTIFACT, peak_memory, train_linear
from backend.tuning.presets.rows import Emit, UnfitTask
from backend.tuning.presets.snapshot_rows import read_snapshot
from schemas.common import Issue


def run_linear(task: TrainingTask, emit: Emit, stopped: Callable[[], bool]) -> Trained | TaskRefused:
    """Train `regularised_glm` or `scorecard`; write the artifact and the result below the task's folder; return the last event, for the caller to emit.

    `stopped` says whether a stop was asked for: the fit so far is then kept.
    """
    try:
        return _run(task, emit, stopped)
    except UnfitTask as error:
        return TaskRefused(message=error.message, issues=error.issues)


def _run(task: TrainingTask, emit: Emit, stopped: Callable[[], bool]) -> Trained:
    _check(task)
    emit(Stage(name="preparing", percent=0))
    snapshot = read_snapshot(task)
    sizes = ", ".join(f"{len(rows.target)} {name}" for name, rows in snapshot.splits.items())
    emit(Line(level="info", text=f"Rows: {sizes}. Inputs: {len(snapshot.inputs)}."))
    emit(Stage(name="training", percent=10))
    found = train_linear(task, snapshot.inputs, snapshot.classes, snapshot.splits, emit, stopped)
    for note in found.evaluated.considerations:
        emit(Line(level="warning", text=note))
    begun, folder = time.perf_counter(), Path(task.folder)
    (folder / ARTIFACT).write_bytes(found.artifact)
    written = write(evaluate(found.evaluated, found.takes_missing), found.evaluated, folder)
    emit(Stage(name="evaluating", percent=100))
    paths = {name: str(folder / file) for name, file in written.items()}
    return Trained(
        artifact=str(folder / ARTIFACT),
        document=paths["document"],
        profile=paths.get("profile"),
        background=paths.get("background"),
        holdout=paths.get("holdout"),
        model_card=paths.get("model_card"),
        stopped_early=found.stopped_early,
        training_seconds=found.seconds,
        evaluation_seconds=time.perf_counter() - begun,
        peak_memory_bytes=peak_memory(),
    )


def _check(task: TrainingTask) -> None:
    """Refuse what these presets do not do."""
    issues = []
    if task.searching is not None:
        issues.append(Issue(pointer="/searching", message=f"{task.preset} has no search; set its parameters, or choose the preset gradient_boosting"))
    if task.splitting.folds is not None:
        issues.append(Issue(pointer="/splitting/folds", message=f"{task.preset} validates on one part of the rows; leave folds out"))
    if task.base_artifact is not None:
        issues.append(Issue(pointer="/base_artifact", message=f"{task.preset} continues from no version; leave the base out"))
    if issues:
        raise UnfitTask("The preset does not do this.", issues)
