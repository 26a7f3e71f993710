"""The preset `regularised_glm`."""

from collections.abc import Sequence

import numpy as np

from backend.tuning.child_protocol import Curve, Stage, TrainingTask
from backend.tuning.presets.glm.design import Design, Floats, UnfitColumn, design_of, linear_model
from backend.tuning.presets.glm.fit import LINKS, LOSSES, Fit, Kind, balanced, fit, mean_loss, recalibration
from backend.tuning.presets.glm.settings import GlmSettings
from backend.tuning.presets.rows import Emit, LinearFit, SplitRows, TrainingLimit, UnfitTask, settings_of
from schemas.columns import Column
from schemas.common import Issue

MOST_CELLS = 400_000_000
"""Numbers in the design matrix: 3.2 GB."""
OBJECTIVES: dict[str, Kind] = {"binary": "binary", "regression": "regression", "poisson": "poisson"}


def train_glm(task: TrainingTask, inputs: Sequence[Column], train: SplitRows, validation: SplitRows, emit: Emit, clock: TrainingLimit) -> LinearFit:
    """Train on usable rows. Raises UnfitTask."""
    kind, settings = _kind(task), settings_of(task, GlmSettings)
    _check(kind, settings)
    weight = balanced(train.target, train.weight) if settings.class_weight else train.weight
    try:
        design = design_of(train.matrix, inputs, weight, drop_reference=settings.strength == 0)
    except UnfitColumn as error:
        raise UnfitTask("A column cannot be used.", [Issue(pointer="/columns", message=str(error))]) from None
    if design.width * (len(train.target) + len(validation.target)) > MOST_CELLS:
        message = f"{design.width} columns of {len(train.target)} rows do not fit in memory; take fewer rows or inputs, or the preset gradient_boosting"
        raise UnfitTask("The training set is too large for this preset.", [Issue(pointer="/columns", message=message)])
    matrices = {rows.split: (design.matrix(rows.matrix), rows.target) for rows in (train, validation)}

    def watch(done: int, found: Fit) -> bool:
        for split in ("train", "validation"):
            matrix, target = matrices[split]
            if len(target):
                value = mean_loss(kind, matrix @ found.coefficients + found.intercept, target)
                if np.isfinite(value):
                    emit(Curve(metric=LOSSES[kind], split="train" if split == "train" else "validation", step=done, value=value))
        emit(Stage(name="training", percent=10 + 60 * done / settings.most_iterations))
        return clock.go_on()

    found = fit(kind, matrices["train"][0], train.target, weight, settings, task.seed, watch)
    notes = list(design.notes)
    if not found.converged:
        notes.append(f"The fit ended after {found.iterations} iterations, before it had settled; allow more with most_iterations, or more strength.")
    again = _recalibrated(settings, design, found, train, validation, notes)
    model = linear_model(design, found.coefficients, found.intercept, LINKS[kind], *(again or (1.0, 0.0)))
    return LinearFit(model=model, notes=notes, iterations=found.iterations, stopped_early=clock.early, recalibration=again)


def _recalibrated(settings: GlmSettings, design: Design, found: Fit, train: SplitRows, validation: SplitRows, notes: list[str]) -> tuple[float, float] | None:
    """Slope and intercept for balanced classes, from validation rows; from training rows where those cannot say."""
    if settings.class_weight is None:
        return None
    for rows in (validation, train):
        margin: Floats = design.matrix(rows.matrix) @ found.coefficients + found.intercept
        if (again := recalibration(margin, rows.target)) is not None:
            notes.append(f"Balanced class weights shift probabilities; a sigmoid of the margin, fitted on {len(margin)} {rows.split} rows, sets them right.")
            return again
    notes.append("Balanced class weights shift probabilities, and no rows could set them right: take the score as a rank only.")
    return None


def _kind(task: TrainingTask) -> Kind:
    if task.objective not in OBJECTIVES:
        message = f"a regularised GLM has no objective {task.objective}; choose binary, regression or poisson, or the preset gradient_boosting"
        raise UnfitTask("The preset has no such objective.", [Issue(pointer="/objective", message=message)])
    return OBJECTIVES[task.objective]


def _check(kind: Kind, settings: GlmSettings) -> None:
    issues = []
    if kind == "poisson" and settings.l1_ratio > 0:
        issues.append(Issue(pointer="/parameters/l1_ratio", message="a Poisson regression has the ridge penalty alone; set l1_ratio to 0"))
    if kind != "binary" and settings.class_weight is not None:
        issues.append(Issue(pointer="/parameters/class_weight", message="only a binary target has classes to weigh; leave class_weight out"))
    if issues:
        raise UnfitTask("Some parameters do not fit the objective.", issues)
