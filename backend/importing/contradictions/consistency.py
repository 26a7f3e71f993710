"""Checks whether the figures of a document agree with each other. Each rule yields the claims that cannot all be true, and corrects nothing."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from backend.importing.collect import Value
from backend.importing.contradictions.figures_agree import agree, area_under, decimals, f1_of, matrix_figures
from backend.importing.pointers import text
from backend.importing.vocabulary import ALWAYS_BELOW_ONE, FRACTIONS, NEVER_NEGATIVE, SIGNED_FRACTIONS
from backend.plural import plural
from schemas.importing import Claim, Contradiction

Metric = dict[str, Any]
_PARTS: Final = ("split", "slice", "class", "average")


_OPEN: Final = 0.15
"""Tolerance of the area under a curve's points, as a share of the area that the points leave open."""


class Figures:
    """A document's figures by split, slice, class and average, with the places in the file that claim them."""

    def __init__(self, document: Mapping[str, Any], leaves: Mapping[str, Value]) -> None:
        self.document = document
        self.leaves = leaves
        self.metrics: list[tuple[int, Metric]] = list(enumerate(document.get("metrics", [])))

    def together(self) -> Iterator[tuple[tuple[str, ...], dict[str, int]]]:
        """Yield metrics of the same split, slice, class and average: name -> index."""
        found: dict[tuple[str, ...], dict[str, int]] = {}
        for at, metric in self.metrics:
            found.setdefault(tuple(str(metric.get(part)) for part in _PARTS), {}).setdefault(metric["name"], at)
        yield from found.items()

    def value(self, at: int) -> float:
        """Return a metric's value."""
        return float(self.document["metrics"][at]["value"])

    def claim(self, target: str) -> Claim:
        """Return the file's claim for a place of the document; for a container, that of its first leaf."""
        found = self.leaves.get(target) or next((value for name, value in self.leaves.items() if name.startswith(f"{target}/")), None)
        return Claim(pointer=text(found.source) if found else "", value=found.value if found else None, target=target)

    def contradiction(self, message: str, *targets: str) -> Contradiction:
        """Return the contradiction between the claims at the targets."""
        return Contradiction(target=targets[0], message=message, claims=[self.claim(target) for target in targets])


def contradictions(document: Mapping[str, Any], leaves: Mapping[str, Value]) -> list[Contradiction]:
    """Return all contradictions, in the order of the rules."""
    figures = Figures(document, leaves)
    return [found for rule in RULES for found in rule(figures)]


def fractions(figures: Figures) -> Iterator[Contradiction]:
    """Yield each figure outside its bounds: fractions in [0, 1] (97.3 is probably a percentage), MCC in [-1, 1], R squared at most 1, errors not below 0."""
    for at, metric in figures.metrics:
        low, high = bounds_of(metric["name"])
        if low <= metric["value"] <= high:
            continue
        where = f"lies between {low:g} and 1" if low > -math.inf and high == 1 else "is at most 1" if high == 1 else "is never below 0"
        hint = "is it a percentage?" if high < metric["value"] <= 100 and low > -math.inf else "it cannot be."
        yield figures.contradiction(f"{metric['name']} is {metric['value']}, but {where}: {hint}", f"/metrics/{at}/value")


def bounds_of(metric: str) -> tuple[float, float]:
    """Return the least and the greatest value of a metric."""
    if metric in FRACTIONS:
        return 0, 1
    if metric in SIGNED_FRACTIONS:
        return -1, 1
    return 0 if metric in NEVER_NEGATIVE else -math.inf, 1 if metric in ALWAYS_BELOW_ONE else math.inf


def f1_from_precision_and_recall(figures: Figures) -> Iterator[Contradiction]:
    """Yield each F1 that is not the harmonic mean of its precision and recall. Averages over classes are exempt."""
    classes = len((figures.document.get("task") or {}).get("classes", []))
    for same, named in figures.together():
        if not {"f1", "precision", "recall"} <= set(named) or same[3] != "None" or (classes > 2 and same[2] == "None"):
            continue
        precision, recall, f1 = (figures.value(named[name]) for name in ("precision", "recall", "f1"))
        averaged = "accuracy" in named and agree(figures.value(named["accuracy"]), recall)
        if max(precision, recall, f1) > 1 or averaged or agree(f1, f1_of(precision, recall), slack=0.002 + 2 * max(map(decimals, (precision, recall)))):
            continue
        message = f"F1 is {f1}, but precision {precision} and recall {recall} make {f1_of(precision, recall):.4g}"
        yield figures.contradiction(message, *(f"/metrics/{named[name]}/value" for name in ("f1", "precision", "recall")))


def gini_from_auc(figures: Figures) -> Iterator[Contradiction]:
    """Yield each Gini that is not 2·AUC − 1."""
    for _, named in figures.together():
        if {"gini", "roc_auc"} <= set(named):
            gini, auc = figures.value(named["gini"]), figures.value(named["roc_auc"])
            if max(gini, auc) <= 1 and not agree(gini, 2 * auc - 1, slack=0.001 + 2 * decimals(auc)):
                message = f"Gini is {gini}, but an AUC of {auc} makes {2 * auc - 1:.4g}"
                yield figures.contradiction(message, f"/metrics/{named['gini']}/value", f"/metrics/{named['roc_auc']}/value")


def auc_from_curve(figures: Figures) -> Iterator[Contradiction]:
    """Yield each AUC that differs from the area under the ROC points. Few points leave some of the area out."""
    for chart, points, split in _charts(figures, "roc"):
        for at, metric in figures.metrics:
            if metric["name"] != "roc_auc" or metric.get("split") not in (split, None) or metric.get("class") or metric.get("slice") or metric["value"] > 1:
                continue
            area = area_under(points["fpr"], points["tpr"])
            if area is not None and not agree(metric["value"], area[0], slack=0.005 + _OPEN * area[1]):
                yield figures.contradiction(
                    f"the AUC is {metric['value']}, but the area under the ROC points is {area[0]:.4g}", f"/metrics/{at}/value", f"{chart}/tpr"
                )


def figures_from_matrix(figures: Figures) -> Iterator[Contradiction]:
    """Yield accuracy, precision and recall that differ from those of the confusion matrix, for the positive class or averaged over classes."""
    for chart, matrix, split in _charts(figures, "confusion_matrix"):
        known = {name: at for same, named in figures.together() if same == (str(split), "None", "None", "None") for name, at in named.items()}
        stated = {name: figures.value(at) for name, at in known.items() if name in ("accuracy", "precision", "recall", "f1") and figures.value(at) <= 1}
        readings = matrix_figures(matrix["matrix"], matrix["labels"], (figures.document.get("task") or {}).get("positive_class"), matrix.get("orientation"))
        if not stated or not readings or any(all(agree(value, reading[name], slack=0.002) for name, value in stated.items()) for reading in readings):
            continue
        best = max(readings, key=lambda one: sum(agree(value, one[name], slack=0.002) for name, value in stated.items()))
        wrong = [name for name, value in stated.items() if not agree(value, best[name], slack=0.002)]
        told = ", ".join(f"{name} {stated[name]} where the matrix makes {best[name]:.4g}" for name in wrong)
        swapped = (
            set(wrong) == {"precision", "recall"}
            and agree(stated["precision"], best["recall"], slack=0.002)
            and agree(stated["recall"], best["precision"], slack=0.002)
        )
        hint = ". Precision and recall look swapped" if swapped else ""
        yield figures.contradiction(
            f"the confusion matrix does not agree: {told}{hint}", *(f"/metrics/{known[name]}/value" for name in wrong), f"{chart}/matrix"
        )


def rows_of_splits(figures: Figures) -> Iterator[Contradiction]:
    """Yield splits whose rows do not add up to the dataset's, and confusion matrices whose count is not that of their split."""
    training = figures.document.get("training") or {}
    rows, total = training.get("split_rows", {}), (training.get("dataset") or {}).get("rows")
    parts = {name: count for name, count in rows.items() if name in ("train", "validation", "test", "holdout")}
    if total is not None and "train" in parts and len(parts) > 1 and sum(parts.values()) != total:
        targets = ["/training/dataset/rows", *(f"/training/split_rows/{name}" for name in parts)]
        yield figures.contradiction(f"the dataset has {plural(total, 'row')}, its splits {sum(parts.values())}", *targets)
    for chart, matrix, split in _charts(figures, "confusion_matrix"):
        counted = sum(sum(row) for row in matrix["matrix"])
        if split in rows and counted > 1.5 and counted != rows[split] and float(counted).is_integer():
            yield figures.contradiction(
                f"the {split} split has {plural(rows[split], 'row')}, its confusion matrix counts {counted:g}",
                f"/training/split_rows/{split}",
                f"{chart}/matrix",
            )


def _charts(figures: Figures, kind: str) -> Iterator[tuple[str, dict[str, Any], str | None]]:
    for at, chart in enumerate(figures.document.get("charts", [])):
        if chart.get("kind") == kind:
            yield f"/charts/{at}", chart, chart.get("split")


RULES: Final[tuple[Callable[[Figures], Iterator[Contradiction]], ...]] = (
    fractions,
    f1_from_precision_and_recall,
    gini_from_auc,
    auc_from_curve,
    figures_from_matrix,
    rows_of_splits,
)
