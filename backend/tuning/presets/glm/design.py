"""The design matrix of a GLM: standardised numbers, one column per level, an indicator per input with missing values."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from schemas.columns import Column
from schemas.linear_model import LevelsTerm, LinearModel, NumberTerm, Term

Floats = NDArray[np.float64]
MOST_LEVELS = 100
"""Levels of one category with a coefficient of their own: the most frequent."""
LEAST_SPREAD = 1e-9
"""Numbers that differ less than this beside their size lose their digits in `coefficient × value`."""
LARGEST = 1e150
"""The square of a larger number may be no number."""


class UnfitColumn(ValueError):
    """A column cannot be used; the message says why and what to do."""


@dataclass(frozen=True)
class Encoding:
    """How one input becomes columns. `mean` and `scale` standardise a number; `scale` 0 leaves it out, as a constant.

    `levels` are the codes with a column of their own. With `missing`, an indicator follows.
    """

    column: Column
    missing: bool
    mean: float = 0.0
    scale: float = 0.0
    levels: tuple[int, ...] = ()
    rare: tuple[int, ...] = ()
    """Levels that share one column, because they are too many for columns of their own."""
    reference: int | None = None
    """The level without a column of its own, which training has seen."""

    @property
    def width(self) -> int:
        """The number of columns."""
        return (self.scale > 0) + len(self.levels) + bool(self.rare) + self.missing

    def columns(self, values: Floats) -> Floats:
        """The columns [n, width] of values [n]. A missing number counts as the mean; a missing category has no level."""
        gone = np.isnan(values)
        found = [np.where(gone, 0.0, (values - self.mean) / self.scale)] if self.scale > 0 else []
        found += [(values == level).astype(np.float64) for level in self.levels]
        found += [np.isin(values, self.rare).astype(np.float64)] if self.rare else []
        found += [gone.astype(np.float64)] if self.missing else []
        return np.column_stack(found) if found else np.empty((len(values), 0))


@dataclass(frozen=True)
class Design:
    """The encodings in the inputs' order; `notes` say what was left out."""

    encodings: Sequence[Encoding]
    notes: list[str] = field(default_factory=list)

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(encoding.width for encoding in self.encodings)

    def matrix(self, rows: Floats) -> Floats:
        """The design matrix [n, width] of inputs [n, f]."""
        return np.column_stack([np.empty((len(rows), 0)), *(encoding.columns(rows[:, at]) for at, encoding in enumerate(self.encodings))])


def design_of(rows: Floats, inputs: Sequence[Column], weight: Floats, *, drop_reference: bool) -> Design:
    """Return the design from training rows [n, f] with weights [n]. With `drop_reference`, the most frequent level has no column, so that none is redundant.

    Raises UnfitColumn.
    """
    notes: list[str] = []
    encodings = []
    for at, column in enumerate(inputs):
        encode = _category if column.type == "category" else _number
        encodings.append(encode(rows[:, at], column, weight, drop_reference, notes))
    return Design(encodings, notes)


def linear_model(design: Design, coefficients: Floats, intercept: float, link: str, slope: float = 1.0, shift: float = 0.0) -> LinearModel:
    """Return the artifact of coefficients [width]. `slope` and `shift` recalibrate the margin: `slope × margin + shift`."""
    plain: list[float] = []
    terms: dict[str, Term] = {}
    total, at = slope * intercept + shift, 0
    for encoding in design.encodings:
        own = slope * coefficients[at : at + encoding.width]
        at += encoding.width
        gone = float(own[-1]) if encoding.missing else 0.0
        factor = float(own[0]) / encoding.scale if encoding.scale > 0 else 0.0
        plain.append(factor)
        total -= factor * encoding.mean
        if encoding.column.type == "category":
            terms[encoding.column.name] = _levels(encoding, own, gone)
        elif encoding.missing or encoding.width == 0:  # an input that the model does not use may be missing
            terms[encoding.column.name] = NumberTerm(missing=gone + factor * encoding.mean)
    names = [encoding.column.name for encoding in design.encodings]
    return LinearModel(format="linear", features=names, coefficients=plain, intercept=float(total), link=link, terms=terms)  # type: ignore[arg-type]


def _number(values: Floats, column: Column, weight: Floats, drop: bool, notes: list[str]) -> Encoding:
    known = np.isfinite(values)
    missing = bool((~known).any()) and bool(known.any())
    if not known.any():
        notes.append(f"{column.name}: all training values are missing, so the model does not use it.")
        return Encoding(column, False)
    if np.abs(values[known]).max() > LARGEST:
        raise UnfitColumn(f"{column.name} has values beyond {LARGEST:g}, which cannot be standardised; correct them or leave the column out")
    if np.ptp(values[known]) == 0:
        notes.append(f"{column.name}: all training values are the same, so the model does not use its value.")
        return Encoding(column, missing)
    mean = float(np.average(values[known], weights=weight[known]))
    scale = float(np.sqrt(np.average((values[known] - mean) ** 2, weights=weight[known])))
    if not scale > LEAST_SPREAD * abs(mean):
        notes.append(f"{column.name}: its values differ too little beside their size, so the model does not use them; subtract a constant from them.")
        return Encoding(column, missing)
    return Encoding(column, missing, mean, scale)


def _category(values: Floats, column: Column, weight: Floats, drop: bool, notes: list[str]) -> Encoding:
    known = values[np.isfinite(values)].astype(np.int64)
    counts = np.bincount(known, minlength=len(column.categories))
    seen = [int(level) for level in np.flatnonzero(counts)]
    if not seen:
        notes.append(f"{column.name}: all training values are missing, so the model does not use it.")
        return Encoding(column, False)
    missing = len(known) < len(values)
    unseen = len(column.categories) - len(seen)
    if unseen:
        notes.append(
            f"{column.name}: {unseen} categories do not occur in the training rows; they count as missing, or as the reference without missing values."
        )
    reference = int(counts.argmax()) if drop or (len(seen) == 1 and not missing) else None
    others = sorted((level for level in seen if level != reference), key=lambda level: (-int(counts[level]), level))
    if len(others) > MOST_LEVELS:
        notes.append(f"{column.name}: its {len(others) - MOST_LEVELS} rarest categories share one coefficient.")
    return Encoding(column, missing, levels=tuple(sorted(others[:MOST_LEVELS])), rare=tuple(sorted(others[MOST_LEVELS:])), reference=reference)


def _levels(encoding: Encoding, own: Floats, gone: float) -> LevelsTerm:
    """Points by level. The reference level has 0; a level that training never saw has the points of a missing value."""
    said = dict(zip(encoding.levels, own.tolist(), strict=False))
    said |= dict.fromkeys(encoding.rare, float(own[len(encoding.levels)]) if encoding.rare else 0.0)
    unseen = gone if encoding.missing else 0.0
    points = [float(said.get(level, 0.0 if level == encoding.reference else unseen)) for level in range(len(encoding.column.categories))]
    return LevelsTerm(levels=encoding.column.categories, points=points, missing=gone if encoding.missing or encoding.width == 0 else None)
