"""The model document of a trained model."""

from typing import Any, Literal

import msgspec

from backend.tuning.evaluation.evaluated import CLASSIFIES, Evaluated
from backend.tuning.evaluation.judging import Judged
from backend.tuning.evaluation.profiles import stats_of
from backend.tuning.evaluation.surroundings import surroundings
from schemas.columns import Column
from schemas.model_document import DatasetRef, Feature, FeatureStats, Lineage, ModelDocument, Task, Training

FeatureType = Literal["number", "integer", "boolean", "category", "text"]
PRESETS = {"gradient_boosting": "Gradient boosting", "regularised_glm": "Regularised GLM", "scorecard": "Scorecard"}


def document_of(model: Evaluated, judged: Judged, background: list[dict[str, Any]]) -> ModelDocument:
    """Return the document, checked by its own shapes. Raises msgspec.ValidationError where a figure is not finite."""
    task = model.task
    target = next((column.name for column in task.columns if column.role == "target"), None)
    document = ModelDocument(
        name=f"{PRESETS[task.preset]} of {target or 'a target'}"[:200],
        description=f"{PRESETS[task.preset]}, trained on {_rows(model)['train']} rows.",
        task=_task(model, judged, target),
        algorithm=model.algorithm,
        features=_features(model),
        metrics=judged.metrics,
        charts=judged.charts,
        training=Training(
            dataset=DatasetRef(digest=task.data_hash, rows=sum(_rows(model).values())),
            split_rows=_rows(model),
            hyperparameters=dict(model.parameters),
            seed=task.seed,
            started_at=model.costs.started,
            finished_at=model.costs.finished,
        ),
        considerations=[*model.considerations, *judged.notes],
        lineage=Lineage(source_format="tiltyard_training", source_sha256=None),
        extensions=_extensions(model, judged, background),
    )
    return msgspec.json.decode(msgspec.json.encode(document), type=ModelDocument)


def _rows(model: Evaluated) -> dict[str, int]:
    return {"train": 0} | {part.split: len(part.target) for part in model.parts}


def _task(model: Evaluated, judged: Judged, target: str | None) -> Task:
    objective = model.task.objective
    if objective not in CLASSIFIES:
        return Task(type="regression", target=target)
    if objective == "multiclass":
        return Task(type="multiclass_classification", target=target, classes=list(model.classes))
    threshold = judged.threshold.value if judged.threshold and not _points(model) else None
    return Task(type="binary_classification", target=target, classes=list(model.classes), positive_class=model.classes[-1], threshold=threshold)


def _points(model: Evaluated) -> bool:
    """Whether the version answers points, and not the probability that the figures are of."""
    return any(part.served is not None for part in model.parts)


def _features(model: Evaluated) -> list[Feature]:
    train = model.part("train")
    protected = {column.name for column in model.task.columns if column.role == "protected"}
    found = []
    for at, column in enumerate(model.inputs):
        stats = stats_of(train.matrix[:, at], column) if train else FeatureStats()
        importance = list(model.importance.get(column.name, ()))
        kind = _type(column)
        found.append(
            Feature(
                name=column.name, type=kind, categories=column.categories if kind == "category" else [], stats=stats, importance=importance,
                sensitive=column.name in protected,
            )
        )  # fmt: skip
    return found


def _type(column: Column) -> FeatureType:
    return "number" if column.type == "timestamp" else column.type


def _extensions(model: Evaluated, judged: Judged, background: list[dict[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "training": surroundings(model.task.threads)
        | {
            "preset": model.task.preset,
            "objective": model.task.objective,
            "data_hash": model.task.data_hash,
            "splitting": msgspec.to_builtins(model.task.splitting),
            "seconds": model.costs.seconds,
            "peak_memory_bytes": model.costs.peak_memory_bytes,
            "recalibrated": model.recalibrated,
        }
    }
    if judged.threshold:
        found["threshold"] = {"value": judged.threshold.value, "rule": judged.threshold.words}
    if model.task.objective == "binary" and not _points(model):
        found["artifact"] = {"positive_class": "1"}
    if background:
        found["background"] = background
    return found | dict(model.extensions)
