"""Charts of a document, from test rows. Curves have at most 200 points."""

from collections.abc import Sequence

import numpy as np

from backend.numerics.statistics.counted import Levels, levels_of
from backend.numerics.statistics.proportions import confusion
from backend.tuning.child_protocol import Curve
from backend.tuning.evaluation.evaluated import Floats
from schemas.model_document import (
    CalibrationChart,
    Chart,
    ConfusionChart,
    HistogramChart,
    ImportanceChart,
    LearningCurve,
    LiftChart,
    PrChart,
    ResidualsChart,
    RocChart,
    Split,
)

POINTS = 200
CALIBRATION_BINS = 10
MOST_BARS = 50


def binary_charts(actual: Floats, score: Floats, threshold: float, classes: Sequence[str], split: Split) -> list[Chart]:
    """ROC, precision-recall, lift and gain, confusion and calibration; those of ranks only where both classes are there."""
    levels = levels_of(actual, score)
    found: list[Chart] = []
    if 0 < actual.sum() < len(actual):
        found += _of_ranks(levels, split)
    counts = confusion(levels, threshold)
    found.append(ConfusionChart(labels=list(classes), matrix=[[counts.tn, counts.fp], [counts.fn, counts.tp]], split=split))
    return [*found, _calibration(actual, score, split), histogram("score", score, split)]


def multiclass_charts(actual: Floats, score: Floats, classes: Sequence[str], split: Split) -> list[Chart]:
    """The confusion matrix of the most probable class."""
    size = len(classes)
    matrix = np.bincount(actual.astype(np.int64) * size + score.argmax(axis=1), minlength=size * size).reshape(size, size)
    return [ConfusionChart(labels=list(classes), matrix=matrix.astype(np.float64).tolist(), split=split)]


def number_charts(actual: Floats, score: Floats, split: Split) -> list[Chart]:
    """Residuals of at most 200 rows, evenly spread over the scores, and the scores' histogram."""
    order = np.argsort(score, kind="stable")
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(len(order), POINTS)).astype(np.int64))]
    residuals = ResidualsChart(predicted=score[chosen].tolist(), residual=(actual - score)[chosen].tolist(), split=split)
    return [residuals, histogram("score", score, split)]


def histogram(name: str, values: Floats, split: Split) -> Chart:
    """Counts in 30 bins of equal width; one bin where all values are equal."""
    low, high = float(values.min()), float(values.max())
    edges = np.linspace(low, high, 31) if high > low and np.isfinite(high - low) else np.array([low, np.nextafter(high, np.inf)])
    edges = np.unique(edges)
    return HistogramChart(name=name, edges=edges.tolist(), counts=np.histogram(values, edges)[0].astype(np.float64).tolist(), split=split)


def importance_charts(named: Sequence[str], figures: Sequence[Sequence[tuple[str, float]]]) -> list[Chart]:
    """One chart per method, the largest first; `figures` are each feature's (method, value)."""
    by_method: dict[str, list[tuple[float, str]]] = {}
    for name, found in zip(named, figures, strict=True):
        for method, value in found:
            by_method.setdefault(method, []).append((value, name))
    charts: list[Chart] = []
    for method, pairs in by_method.items():
        top = sorted(pairs, key=lambda pair: (-pair[0], pair[1]))[:MOST_BARS]
        charts.append(ImportanceChart(method=method, features=[name for _, name in top], values=[value for value, _ in top]))
    return charts


def learning_curves(curves: Sequence[Curve]) -> list[Chart]:
    """One chart per metric, over the steps that every split of it has."""
    found: list[Chart] = []
    for name in dict.fromkeys(curve.metric for curve in curves):
        by_split = {split: {one.step: one.value for one in curves if (one.metric, one.split) == (name, split)} for split in ("train", "validation")}
        sides = {split: steps for split, steps in by_split.items() if steps}
        steps = thinned(sorted(set.intersection(*(set(side) for side in sides.values()))))
        shown = {split: [side[step] for step in steps] for split, side in sides.items()}
        found.append(LearningCurve(metric=name, step=[float(step) for step in steps], train=shown.get("train", []), validation=shown.get("validation", [])))
    return found


def thinned(steps: list[int]) -> list[int]:
    """At most 200 of the steps, the first and the last among them."""
    return [steps[at] for at in np.unique(np.linspace(0, len(steps) - 1, min(len(steps), POINTS)).astype(np.int64))] if steps else []


def _of_ranks(levels: Levels, split: Split) -> list[Chart]:
    up, down = (np.append(0, np.cumsum(side[::-1])).astype(np.float64) for side in (levels.positives, levels.negatives))
    kept = np.unique(np.linspace(0, len(up) - 1, min(len(up), POINTS)).astype(np.int64))
    tpr, fpr, share = up[kept] / up[-1], down[kept] / down[-1], (up + down)[kept] / (up[-1] + down[-1])
    seen = kept[1:]
    precision = up[seen] / (up + down)[seen]
    return [
        RocChart(fpr=fpr.tolist(), tpr=tpr.tolist(), split=split),
        PrChart(recall=tpr[1:].tolist(), precision=precision.tolist(), split=split),
        LiftChart(share=share[1:].tolist(), lift=(tpr[1:] / share[1:]).tolist(), gain=tpr[1:].tolist(), split=split),
    ]


def _calibration(actual: Floats, score: Floats, split: Split) -> Chart:
    parts = [part for part in np.array_split(np.argsort(score, kind="stable"), min(CALIBRATION_BINS, len(score))) if len(part)]
    return CalibrationChart(
        predicted=[float(score[part].mean()) for part in parts],
        observed=[float(actual[part].mean()) for part in parts],
        count=[len(part) for part in parts],
        split=split,
    )
