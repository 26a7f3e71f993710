"""Figures that a file tells step by step: the last step counts."""

import math
from collections.abc import Iterable, Sequence

from backend.importing.collect import Row
from backend.importing.pointers import MISSING, Path, items, resolve, steps
from schemas.common import Json


def last_of_each(made: Iterable[tuple[Json, Row]], by: Sequence[str]) -> list[Row]:
    """Of rows of one figure (all but their values are alike) the one whose place in the file is greatest by the fields `by`; of equal ones the later."""
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
    """Of a figure's steps `[{"value": 0.7, "step": 0}, …]` the last one's value, and where it stands; a plain number is its own."""
    rows = [(at, row) for at, row in items(node) if isinstance(row, dict) and isinstance(row.get(by[-1]), (int, float))] if isinstance(node, list) else []
    if not rows:
        return path, node

    at, last = max(rows, key=lambda row: tuple(_rank(row[1].get(field, MISSING)) for field in by[:-1]))
    return (*path, at, by[-1]), last[by[-1]]


def _rank(value: Json) -> float:
    return float(value) if isinstance(value, (int, float)) else -math.inf
