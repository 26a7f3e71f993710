"""Figures and curves of a binary classifier, on held-out rows. `y` is 0/1, `p` the predicted probability, both of shape (n,)."""

from collections.abc import Callable
from typing import Any

import numpy as np

from demo.dataset import Floats

RESAMPLES = 200
LEVEL = 0.95
POINTS = 101
"""Points of a stored curve: enough for a chart, small in a document."""


def confusion(y: Floats, p: Floats, threshold: float) -> list[list[float]]:
    """Return counts, rows actual (0, 1), columns predicted (0, 1)."""
    label = p >= threshold
    return [[float(np.sum((y == actual) & (label == predicted))) for predicted in (0, 1)] for actual in (0, 1)]


def accuracy(y: Floats, p: Floats, threshold: float) -> float:
    """Return the share of correct labels."""
    return float(np.mean((p >= threshold) == (y == 1)))


def precision(y: Floats, p: Floats, threshold: float) -> float:
    """Return the share of positive labels that are correct."""
    label = p >= threshold
    return float(y[label].mean()) if label.any() else 0.0


def recall(y: Floats, p: Floats, threshold: float) -> float:
    """Return the share of positives that are found."""
    return float(np.mean(p[y == 1] >= threshold))


def f1(y: Floats, p: Floats, threshold: float) -> float:
    """Return the harmonic mean of precision and recall."""
    both = precision(y, p, threshold), recall(y, p, threshold)
    return 2 * both[0] * both[1] / sum(both) if sum(both) else 0.0


def roc_curve(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Return (false, true) positive rates at every distinct score, from (0, 0) to (1, 1)."""
    hits, misses = _cumulative(y, p)
    return np.r_[0.0, misses / misses[-1]], np.r_[0.0, hits / hits[-1]]


def roc_auc(y: Floats, p: Floats, _threshold: float = 0.5) -> float:
    """Return the area under the ROC curve: the chance that a positive scores above a negative, ties counting half."""
    fpr, tpr = roc_curve(y, p)
    return float(np.trapezoid(tpr, fpr))


def pr_curve(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    """Return (recall, precision) at every distinct score, from the highest down."""
    hits, misses = _cumulative(y, p)
    return hits / hits[-1], hits / (hits + misses)


def pr_auc(y: Floats, p: Floats, _threshold: float = 0.5) -> float:
    """Return the average precision: precision weighted by each step of recall."""
    found, right = pr_curve(y, p)
    return float(np.sum(np.diff(np.r_[0.0, found]) * right))


def brier(y: Floats, p: Floats, _threshold: float = 0.5) -> float:
    """Return the mean squared error of the probability; lower is better."""
    return float(np.mean((p - y) ** 2))


def log_loss(y: Floats, p: Floats, _threshold: float = 0.5) -> float:
    """Return the mean negative log likelihood, in nats; lower is better."""
    kept = np.clip(p, 1e-15, 1 - 1e-15)
    return float(-np.mean(y * np.log(kept) + (1 - y) * np.log(1 - kept)))


METRICS: dict[str, Callable[[Floats, Floats, float], float]] = {
    "accuracy": accuracy, "precision": precision, "recall": recall, "f1": f1, "roc_auc": roc_auc, "pr_auc": pr_auc, "brier": brier, "log_loss": log_loss,
}  # fmt: skip
THRESHOLDED = frozenset({"accuracy", "precision", "recall", "f1"})


def measured(y: Floats, p: Floats, threshold: float, split: str, seed: int) -> list[dict[str, Any]]:
    """Return every metric with its 95 % percentile-bootstrap interval (200 resamples of the rows), as in a model document."""
    draws = np.random.default_rng(seed).integers(0, len(y), (RESAMPLES, len(y)))
    rows = []
    for name, metric in METRICS.items():
        low, high = np.quantile([metric(y[draw], p[draw], threshold) for draw in draws], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        row = {"name": name, "value": round(metric(y, p, threshold), 6), "split": split, "n": len(y)}
        row["ci"] = {"low": round(float(low), 6), "high": round(float(high), 6), "level": LEVEL}
        rows.append(row | ({"threshold": threshold} if name in THRESHOLDED else {}))
    return rows


def calibration(y: Floats, p: Floats, bins: int = 10) -> dict[str, list[float]]:
    """Return mean predicted against observed rate, in bins of equal counts."""
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return {
        "predicted": [round(float(p[part].mean()), 6) for part in parts],
        "observed": [round(float(y[part].mean()), 6) for part in parts],
        "count": [len(part) for part in parts],
    }


def thinned(x: Floats, y: Floats) -> tuple[list[float], list[float]]:
    """Return at most 101 points of a curve, including its ends."""
    kept = np.unique(np.linspace(0, len(x) - 1, POINTS).round().astype(int))
    return [round(float(v), 6) for v in x[kept]], [round(float(v), 6) for v in y[kept]]


def _cumulative(y: Floats, p: Floats) -> tuple[Floats, Floats]:
    order = np.argsort(-p, kind="stable")
    last_of_ties = np.r_[np.flatnonzero(np.diff(p[order])), len(p) - 1]
    hits = np.cumsum(y[order])[last_of_ties]
    return hits, last_of_ties + 1 - hits
