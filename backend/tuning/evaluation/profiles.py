"""Distributions for monitoring, statistics of the inputs, and background rows for explanations, all from training rows."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from backend.numerics.profile import category_profile, number_profile
from backend.tuning.evaluation.evaluated import Floats, Ints, JudgedRows
from schemas.columns import Column, Distribution, Profile
from schemas.model_document import FeatureStats

BACKGROUND_ROWS = 100


def profile_of(part: JudgedRows, inputs: Sequence[Column]) -> Profile:
    """Return the distributions of the inputs and of the served score."""
    found = {column.name: _distribution(part.matrix[:, at], column) for at, column in enumerate(inputs)}
    served = part.score if part.served is None else part.served
    score = number_profile(served) if served.ndim == 1 else None
    return Profile(rows=len(part.target), source="training rows", inputs=found, score=score)


def stats_of(values: Floats, column: Column) -> FeatureStats:
    """Return the statistics of an input [n]: of a category, only the share of missing values. What cannot be computed is absent."""
    missing = float(np.isnan(values).mean()) if len(values) else None
    known = values[np.isfinite(values)]
    if column.type == "category" or len(known) == 0:
        return FeatureStats(missing_rate=missing)
    with np.errstate(over="ignore", invalid="ignore"):
        said = {"mean": known.mean(), "std": known.std(), "min": known.min(), "max": known.max(), "median": np.median(known)}
    return FeatureStats(missing_rate=missing, **{name: float(value) for name, value in said.items() if np.isfinite(value)})


def background_rows(part: JudgedRows, inputs: Sequence[Column], seed: int, missing: frozenset[str] = frozenset()) -> list[dict[str, Any]]:
    """Return at most 100 training rows, drawn with the seed, as a document holds them: a category by its level, null for a missing value.

    `missing` are the inputs that take missing values; a row with another missing value is not drawn.
    """
    lacking = [at for at, column in enumerate(inputs) if column.name not in missing]
    whole = np.flatnonzero(np.isfinite(part.matrix[:, lacking]).all(axis=1))
    drawn = np.sort(np.random.default_rng(seed).permutation(whole)[:BACKGROUND_ROWS])
    return [_row(part.matrix[at], inputs) for at in drawn]


def places(part: JudgedRows, most: int, seed: int) -> Ints:
    """Return at most this number of places in the part, drawn with the seed, in order."""
    return np.sort(np.random.default_rng(seed).permutation(len(part.target))[:most])


def _distribution(values: Floats, column: Column) -> Distribution:
    return category_profile(values, column.categories) if column.type == "category" else number_profile(values)


def _row(values: Floats, inputs: Sequence[Column]) -> dict[str, Any]:
    return {column.name: _value(float(value), column) for column, value in zip(inputs, values, strict=True)}


def _value(value: float, column: Column) -> Any:
    if not np.isfinite(value):
        return None
    if column.type == "category" and column.categories:
        return column.categories[int(value)] if value.is_integer() and 0 <= value < len(column.categories) else None
    return value
