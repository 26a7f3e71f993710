"""Figures that a file gives step by step: the last step counts."""

import math
from collections.abc import Iterable, Sequence

from backend.importing.collect import Row
from backend.importing.pointers import MISSING, Path, items, resolve, steps
from schemas.common import Json


def last_of_each(made: Iterable[tuple[Json, Row]], by: Sequence[str]) -> list[Row]:
    """Return the last step of each figure. Rows of one figure differ only in value and step. The fields `by` give the order of steps; of equal ones the later
    row counts.
    """
    found: dict[object, tuple[tuple[float, ...], Row]] = {}
    for node, row in made:
        if "value" not in row:
            continue  # a step of NaN
        figure = tuple(sorted((name, str(one.value)) for name, one in row.items() if name != "value"))
        rank = tuple(_rank(resolve(node, steps(field))) for field in by)
        if figure not in found or rank >= found[figure][0]:
            found[figure] = rank, row
    return [row for _, row in found.values()]


def last_step(node: Json, by: Sequence[str], path: Path) -> tuple[Path, Json]:
    """Return the place and value of the last of a figure's steps `[{"value": 0.7, "step": 0}, …]`. A plain number is returned as it is."""
    rows = [(at, row) for at, row in items(node) if isinstance(row, dict) and isinstance(row.get(by[-1]), (int, float))] if isinstance(node, list) else []
    if not rows:
        return path, node

    at, last = max(rows, key=lambda row: tuple(_rank(row[1].get(field, MISSING)) for field in by[:-1]))
    return (*path, at, by[-1]), last[by[-1]]


def _rank(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else -math.inf
