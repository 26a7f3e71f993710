"""Columns that may give the target away: they order or determine it almost perfectly, or are known only after the decision.

A model trained on such a column looks excellent and fails when it serves (Kaufman, Rosset and Perlich, 2012, "Leakage in data mining").
"""

from typing import Any

import numpy as np

from schemas.columns import Column
from schemas.datasets.quality import Suspect

ROWS = 20_000
STRENGTH = 0.98
"""AUC for two classes, |rank correlation| for a numeric target, share of rows foretold for a category."""
LATER_SHARE = 0.5


def suspects(columns: list[Column], sample: dict[str, Any]) -> list[Suspect]:
    """Return the suspects among the features, the strongest first. `sample` has one array [n] per column."""
    found = list(_known_later(columns, sample))
    target = next((column for column in columns if column.role == "target"), None)
    if target is not None:
        aim = _codes(sample[target.name])
        for column in columns:
            if column.role in ("feature", "segment", "protected"):
                found += _near_target(column, sample[column.name], aim)
    return sorted(found, key=lambda one: -one.strength)[:50]


def _near_target(column: Column, cells: Any, aim: Any) -> list[Suspect]:
    step = max(1, len(aim) // ROWS)
    aim, cells = aim[::step], cells[::step]
    values = _codes(cells)
    told = np.isfinite(aim)
    if len(np.unique(aim[told])) < 2 or told.sum() < 20:
        return []
    empty = _strength(np.isnan(values[told]).astype(float), aim[told])
    if empty >= STRENGTH:
        return [Suspect(column=column.name, reason="Whether it is missing nearly determines the target.", strength=round(empty, 4))]
    both = told & np.isfinite(values)
    if both.sum() < 20:
        return []
    if column.type in ("category", "text") or len(np.unique(aim[both])) > 2:
        strength = max(_purity(values[both], aim[both]), _strength(values[both], aim[both]) if column.type not in ("category", "text") else 0.0)
    else:
        strength = _strength(values[both], aim[both])
    if strength < STRENGTH:
        return []
    return [Suspect(column=column.name, reason="It nearly determines the target. Is it known when the decision is made?", strength=round(strength, 4))]


def _strength(values: Any, aim: Any) -> float:
    """AUC, whichever way round, where the aim has two values; else |Spearman's rho|. 0 for constants."""
    if values.min() == values.max():
        return 0.0
    ranks = _ranks(values)
    classes = np.unique(aim)
    if len(classes) == 2:
        positive = aim == classes[1]
        count = positive.sum()
        area = (ranks[positive].sum() - count * (count + 1) / 2) / (count * (len(aim) - count))
        return float(max(area, 1 - area))
    return float(abs(np.corrcoef(ranks, _ranks(aim))[0, 1]))


def _purity(values: Any, aim: Any) -> float:
    """The share of rows foretold by the commonest class of each level, above what the commonest class alone foretells. 0 for levels of one row each."""
    if len(np.unique(values)) > len(values) / 10 or len(np.unique(aim)) > 50:
        return 0.0
    levels, codes = np.unique(values, return_inverse=True)
    classes, kinds = np.unique(aim, return_inverse=True)
    table = np.zeros((len(levels), len(classes)))
    np.add.at(table, (codes.reshape(-1), kinds.reshape(-1)), 1)
    base, foretold = table.sum(0).max() / len(aim), table.max(1).sum() / len(aim)
    return float((foretold - base) / (1 - base)) if base < 1 else 0.0


def _known_later(columns: list[Column], sample: dict[str, Any]) -> list[Suspect]:
    """Times that are mostly later than the row's own time: they were not known then."""
    own = next((column for column in columns if column.role == "timestamp" and column.type == "timestamp"), None)
    if own is None:
        return []
    found = []
    for column in columns:
        if column.type != "timestamp" or column.name == own.name or column.role == "ignore":
            continue
        later = sample[column.name] > sample[own.name]
        there = ~np.isnat(sample[column.name]) & ~np.isnat(sample[own.name])
        share = float(later[there].mean()) if there.any() else 0.0
        if share > LATER_SHARE:
            found.append(Suspect(column=column.name, reason=f"It is later than {own.name} in {share:.0%} of the rows: not known at that time.", strength=share))
    return found


def _ranks(values: Any) -> Any:
    _, codes, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[codes.reshape(-1)]


def _codes(cells: Any) -> Any:
    """Numbers with NaN for missing. Text becomes the number of its value."""
    if cells.dtype.kind == "M":
        return np.where(np.isnat(cells), np.nan, cells.astype(np.int64).astype(float))
    if cells.dtype.kind != "O":
        return cells.astype(float)
    known: dict[Any, float] = {}
    return np.array([np.nan if cell is None else known.setdefault(cell, float(len(known))) for cell in cells])
