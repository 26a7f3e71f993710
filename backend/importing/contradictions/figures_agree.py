"""Whether two figures agree, within their written digits; and figures that follow from others."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

MAX_CELLS = 10_000
_COARSEST = 0.005
"""JSON drops trailing zeros, so 0.9 may be 0.90."""


def decimals(value: float) -> float:
    """Return half a unit of a number's last written place, at most 0.005: 0.771 -> 0.0005."""
    exponent = Decimal(repr(value)).as_tuple().exponent
    return min(0.5 * 10.0 ** int(exponent), _COARSEST) if isinstance(exponent, int) else 0.0


def agree(one: float, other: float, slack: float = 1e-9) -> bool:
    """Return whether both figures agree, within the rounding of the first and `slack` for the inputs of the second."""
    return abs(one - other) <= slack + decimals(one)


def f1_of(precision: float, recall: float) -> float:
    """Return the harmonic mean of precision and recall; 0 when both are 0."""
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def area_under(x: Sequence[float], y: Sequence[float]) -> tuple[float, float] | None:
    """Return the area under points from (0, 0) to (1, 1) by the trapezoidal rule, and the area that the points leave open. None when they are no curve.

    The open area is the difference of the sums of the steps above and below the curve.
    """
    if len(x) != len(y) or len(x) < 2 or any(not 0 <= value <= 1 for value in (*x, *y)):
        return None
    points = [(0.0, 0.0), *sorted(zip(x, y, strict=True)), (1.0, 1.0)]
    steps = [(right[0] - left[0], left[1], right[1]) for left, right in pairwise(points)]
    return sum(width * (low + high) / 2 for width, low, high in steps), sum(width * abs(high - low) for width, low, high in steps)


def matrix_figures(matrix: Sequence[Sequence[float]], labels: Sequence[str], positive: str | None, orientation: str | None) -> list[dict[str, float]]:
    """Return accuracy, precision, recall and F1 for each reading of a confusion matrix: for the positive class (either of two, if the file does not say which),
    and averaged over classes (macro, weighted). Empty when there is nothing to count.
    """
    size = len(matrix)
    total = sum(map(sum, matrix))
    if not total or size * size > MAX_CELLS or any(len(row) != size for row in matrix):
        return []
    rows = [list(column) for column in zip(*matrix, strict=True)] if orientation == "rows_are_predicted" else [list(row) for row in matrix]
    actual, predicted = [sum(row) for row in rows], [sum(column) for column in zip(*rows, strict=True)]
    accuracy = sum(rows[at][at] for at in range(size)) / total
    precision = [rows[at][at] / predicted[at] if predicted[at] else 0.0 for at in range(size)]
    recall = [rows[at][at] / actual[at] if actual[at] else 0.0 for at in range(size)]
    f1 = [f1_of(precision[at], recall[at]) for at in range(size)]
    readings = [{"accuracy": accuracy, "precision": precision[at], "recall": recall[at], "f1": f1[at]} for at in _positives(labels, positive)]
    for weights in ([1 / size] * size, [count / total for count in actual]):
        averaged = {
            name: sum(w * v for w, v in zip(weights, values, strict=True)) for name, values in (("precision", precision), ("recall", recall), ("f1", f1))
        }
        readings.append({"accuracy": accuracy, **averaged})
    return readings


def _positives(labels: Sequence[str], positive: str | None) -> list[int]:
    """Return the indices of classes that may be the positive one: of two classes the one that the file names, else both, the second first."""
    if len(labels) != 2:
        return []
    if positive in labels:
        return [labels.index(str(positive))]
    return [1] if list(labels) == ["negative", "positive"] else [1, 0]
