"""The contribution of a feature of a linear model: a coefficient times its value, the points of its bin, or the points of its level."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from schemas.linear_model import BinsTerm, LevelsTerm, NumberTerm, Term

Floats = NDArray[np.float64]


class UnsoundTerm(ValueError):
    """A term has no score; the message names the field."""


@dataclass(frozen=True)
class Lookup:
    """One feature's contributions. `edges` are the edges of bins; None with points means that a value is a level's code. `missing` is NaN if the term states
    none.
    """

    coefficient: float
    edges: Floats | None
    points: Floats
    missing: float

    def __call__(self, values: Floats) -> Floats:
        """Return the contributions [n] of values [n]; NaN for a missing value without a rule."""
        if len(self.points) == 0:
            return np.where(np.isnan(values), self.missing, values * self.coefficient)
        if self.edges is not None:
            found = self.points[np.searchsorted(self.edges, values, side="right").clip(0, len(self.edges))]
            return np.where(np.isnan(values), self.missing, found)
        known = (values >= 0) & (values < len(self.points)) & (values == np.floor(values))
        return np.where(known, self.points[np.where(known, values, 0).astype(np.int64)], self.missing)


def lookups_of(terms: Mapping[str, Term], features: list[str], coefficients: Floats, shifts: Floats) -> dict[int, Lookup]:
    """Return the lookup of each feature with a term, by its place.

    `coefficients` [f] include their standardisation; `shifts` [f] are the amounts that it moved into the intercept. A missing value has no such amount. Raises
    UnsoundTerm.
    """
    places = {name: at for at, name in enumerate(features)}
    found: dict[int, Lookup] = {}
    for name, term in terms.items():
        if name not in places:
            raise UnsoundTerm(f"`terms` has {name[:100]!r}, which `features` does not list.")
        at = places[name]
        try:
            found[at] = _number(term, coefficients[at], shifts[at]) if isinstance(term, NumberTerm) else _table(term, coefficients[at])
        except UnsoundTerm as error:
            raise UnsoundTerm(f"`terms` of {name[:100]!r}: {error}") from None
    return found


def _number(term: NumberTerm, coefficient: float, shift: float) -> Lookup:
    missing = term.missing + shift
    if not np.isfinite(missing):
        raise UnsoundTerm("`missing` combined with the standardisation is not a finite number.")
    return Lookup(float(coefficient), None, np.empty(0), float(missing))


def _table(term: BinsTerm | LevelsTerm, coefficient: float) -> Lookup:
    if coefficient != 0:
        raise UnsoundTerm(f"its coefficient must be 0, because its {'bins' if isinstance(term, BinsTerm) else 'levels'} have points.")
    points = np.array(term.points, dtype=np.float64)
    missing = np.nan if term.missing is None else term.missing
    if isinstance(term, LevelsTerm):
        if len(set(term.levels)) != len(term.levels):
            raise UnsoundTerm("`levels` has a level twice.")
        if len(points) != len(term.levels):
            raise UnsoundTerm(f"`points` has {len(points)} entries for {len(term.levels)} levels.")
        return Lookup(0.0, None, points, missing)
    edges = np.array(term.edges, dtype=np.float64)
    if len(points) != len(edges) + 1:
        raise UnsoundTerm(f"`points` has {len(points)} entries for {len(edges) + 1} bins.")
    if not (np.diff(edges) > 0).all():
        raise UnsoundTerm("`edges` must ascend, each greater than the one before.")
    return Lookup(0.0, edges, points, missing)
