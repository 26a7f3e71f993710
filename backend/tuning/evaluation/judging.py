"""All figures and charts of a trained model, each on the rows that its split names."""

from dataclasses import dataclass, field

import msgspec
import numpy as np

from backend.tuning.evaluation import charts, figures
from backend.tuning.evaluation.against_base import differences
from backend.tuning.evaluation.evaluated import Evaluated, Floats, JudgedRows
from backend.tuning.evaluation.groups import by_group, by_time
from backend.tuning.evaluation.threshold import Threshold, choose, rule_of
from schemas.model_document import Chart, Metric

LARGEST = 1e150
"""The square of a larger number may be no number."""
PRIMARY = {"binary": "roc_auc", "multiclass": "accuracy"}


@dataclass
class Judged:
    """What was found; `notes` say what could not be computed, and why."""

    metrics: list[Metric] = field(default_factory=list)
    charts: list[Chart] = field(default_factory=list)
    threshold: Threshold | None = None
    notes: list[str] = field(default_factory=list)


def judge(model: Evaluated) -> Judged:
    """Return the figures of a model: all on test rows, those of the validation and training rows beside them under their own names."""
    with np.errstate(over="ignore", invalid="ignore"):  # a figure that overflows is left out
        return _judge(model)


def _judge(model: Evaluated) -> Judged:
    found = Judged(threshold=_threshold(model))
    for split in ("validation", "train"):
        if part := model.part(split):
            found.metrics += [
                one for one in _metrics(model, part, found.threshold) if split == "validation" or one.name == PRIMARY.get(model.task.objective, "mae")
            ]
    test = model.part("test")
    if test is None or not test.known.any():
        found.notes.append("There are no test rows with a target, so no figure says how the model does on rows it has not seen.")
    else:
        _of_test(model, test, found)
    found.charts += charts.learning_curves(model.curves)
    figures_of = [[(one.method, one.value) for one in model.importance.get(column.name, ())] for column in model.inputs]
    found.charts += charts.importance_charts([column.name for column in model.inputs], figures_of)
    return found


def _of_test(model: Evaluated, test: JudgedRows, found: Judged) -> None:
    threshold = found.threshold.value if found.threshold else None
    actual, score = test.target[test.known], test.score[test.known]
    found.metrics = _metrics(model, test, found.threshold) + found.metrics
    left_out = len(test.target) - int(test.known.sum())
    if left_out:
        found.notes.append(f"{left_out} test rows have no target or no score, and are not judged.")
    found.notes += _not_computed(model, actual)
    if model.task.objective == "binary":
        found.charts += charts.binary_charts(actual, score, threshold or 0.5, model.classes, "test")
    elif model.task.objective == "multiclass":
        found.charts += charts.multiclass_charts(actual, score, model.classes, "test")
    else:
        found.charts += charts.number_charts(actual, score, "test")
    for name in test.groups:
        metrics, notes = by_group(test, name, threshold)
        found.metrics, found.notes = found.metrics + metrics, found.notes + notes
    metrics, notes = by_time(test, threshold)
    found.metrics, found.notes = found.metrics + metrics, found.notes + notes
    if model.base_score is not None:
        found.metrics += differences(actual, score, model.base_score[test.known], model.task.objective, model.base_name or "base", "test")


def _metrics(model: Evaluated, part: JudgedRows, threshold: Threshold | None) -> list[Metric]:
    actual, score = part.target[part.known], part.score[part.known]
    if len(actual) == 0:
        return []
    if model.task.objective == "binary":
        return figures.binary_figures(actual, score, threshold.value if threshold else 0.5, part.split)
    if model.task.objective == "multiclass":
        return figures.multiclass_figures(actual, score, list(model.classes), part.split)
    return figures.number_figures(actual, score, model.task.objective, part.split, float(model.parameters.get("alpha", 0.5)))


def _threshold(model: Evaluated) -> Threshold | None:
    """The threshold of a binary target, by the task's rule, on validation rows; on training rows where there are none."""
    if model.task.objective != "binary":
        return None
    try:
        rule = rule_of(model.task.parameters)
    except msgspec.ValidationError as error:
        return Threshold(0.5, f"0.5, because the rule cannot be read: {error}")
    part = model.part("validation") or model.part("train")
    if part is None:
        return choose(rule, np.empty(0), np.empty(0))
    return choose(rule, part.target[part.known], part.score[part.known], "validation" if part.split == "validation" else "training")


def _not_computed(model: Evaluated, actual: Floats) -> list[str]:
    if model.task.objective in PRIMARY and len(np.unique(actual)) == 1:
        return ["All test rows have one class: how well the scores tell the classes apart cannot be computed."]
    if model.task.objective in PRIMARY:
        return []
    notes = ["The target is constant in the test rows: R² cannot be computed."] if np.ptp(actual) == 0 else []
    return notes + ([f"Some targets are beyond {LARGEST:g}: figures of their squares are left out."] if np.abs(actual).max() > LARGEST else [])
