"""Figures by group of people (fairness) and by time (stability), on test rows."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from backend.numerics.statistics.counted import levels_of
from backend.numerics.statistics.discrimination import roc_auc
from backend.numerics.statistics.estimate import Estimate
from backend.numerics.statistics.group_rates import rate_difference, rate_ratio
from backend.numerics.statistics.proportions import wilson
from backend.tuning.evaluation.evaluated import Floats, JudgedRows
from backend.tuning.evaluation.figures import mean
from backend.tuning.evaluation.stated import metric
from schemas.model_document import Metric

LEAST = 30
"""A group of fewer rows is not judged: its figures would be chance."""
MOST_GROUPS = 20
NO_VALUE = "missing"
FAR = 1e11
"""Seconds from 1970 beyond which a time is none: some 3,000 years."""
Mask = NDArray[np.bool_]


def by_group(part: JudgedRows, name: str, threshold: float | None) -> tuple[list[Metric], list[str]]:
    """Figures for each value of a protected or segment column, and notes on groups that are too small. A missing value is a group of its own.

    With a threshold (a binary target): selection rate, true and false positive rate, AUC; ratios and differences against the largest group.
    """
    values = np.array([NO_VALUE if value is None else value for value in part.groups[name]], dtype=object)
    labels, counts = np.unique(values.astype(str), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    kept = [str(labels[at]) for at in order if counts[at] >= LEAST][:MOST_GROUPS]
    notes = [f"{name}: {int(counts[at])} test rows of {str(labels[at])!r} are too few to judge (at least {LEAST})." for at in order if counts[at] < LEAST][
        :MOST_GROUPS
    ]
    masks = {label: np.asarray(values.astype(str) == label) & part.known for label in kept}
    found = [one for label, mask in masks.items() for one in _figures(part, mask, f"{name}={label}", threshold)]
    if threshold is not None and len(kept) > 1:
        for label in kept[1:]:
            found += _against(part, masks[label], masks[kept[0]], f"{name}: {label} against {kept[0]}", threshold)
    return found, notes


def by_time(part: JudgedRows, threshold: float | None) -> tuple[list[Metric], list[str]]:
    """Figures for each calendar month (UTC) of the test rows. Months of fewer than 30 rows are left out, with a note."""
    if part.seconds is None:
        return [], []
    timed = part.known & (np.abs(np.nan_to_num(part.seconds, nan=np.inf)) < FAR)
    months = np.where(timed, part.seconds, 0).astype("datetime64[s]").astype("datetime64[M]").astype(str)
    found: list[Metric] = []
    small = 0
    for month in np.unique(months[timed])[-60:]:
        mask = timed & (months == month)
        small += int(mask.sum() < LEAST)
        found += _figures(part, mask, f"month={month}", threshold) if mask.sum() >= LEAST else []
    return found, [f"{small} months have fewer than {LEAST} test rows and no figures of their own."] if small else []


def _figures(part: JudgedRows, mask: Mask, slice: str, threshold: float | None) -> list[Metric]:
    actual, score = part.target[mask], part.score[mask]
    if threshold is None:
        if score.ndim == 2:
            return metric("accuracy", wilson(int((score.argmax(axis=1) == actual).sum()), len(actual)), part.split, slice=slice)
        return metric("mae", mean(np.abs(actual - score), (0.0, np.inf)), part.split, slice=slice) + metric(
            "bias", mean(score - actual), part.split, slice=slice
        )
    found = metric("roc_auc", roc_auc(levels_of(actual, score)), part.split, slice=slice)
    found += metric("prevalence", wilson(int(actual.sum()), len(actual)), part.split, slice=slice)
    for figure, rate in RATES.items():
        found += metric(figure, wilson(*rate(actual, score, threshold)), part.split, slice=slice, threshold=threshold)
    return found


def _selected(actual: Floats, score: Floats, threshold: float) -> tuple[int, int]:
    return int((score >= threshold).sum()), len(score)


def _true_positives(actual: Floats, score: Floats, threshold: float) -> tuple[int, int]:
    return int(((score >= threshold) & (actual == 1)).sum()), int((actual == 1).sum())


def _false_positives(actual: Floats, score: Floats, threshold: float) -> tuple[int, int]:
    return int(((score >= threshold) & (actual == 0)).sum()), int((actual == 0).sum())


RATES: dict[str, Callable[[Floats, Floats, float], tuple[int, int]]] = {
    "selection_rate": _selected,
    "true_positive_rate": _true_positives,
    "false_positive_rate": _false_positives,
}


def _against(part: JudgedRows, mask: Mask, other: Mask, slice: str, threshold: float) -> list[Metric]:
    """Demographic parity (ratio and difference), equal opportunity, and the difference of false positive rates, which equalised odds add."""

    def pair(figure: str) -> tuple[tuple[int, int], tuple[int, int]]:
        rate = RATES[figure]
        return rate(part.target[mask], part.score[mask], threshold), rate(part.target[other], part.score[other], threshold)

    compared: list[tuple[str, Estimate]] = [
        ("selection_rate_ratio", rate_ratio(*pair("selection_rate"))),
        ("selection_rate_difference", rate_difference(*pair("selection_rate"))),
        ("true_positive_rate_difference", rate_difference(*pair("true_positive_rate"))),
        ("false_positive_rate_difference", rate_difference(*pair("false_positive_rate"))),
    ]
    return [one for figure, found in compared for one in metric(figure, found, part.split, slice=slice, threshold=threshold)]
