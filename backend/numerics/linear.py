"""Linear models: strict reading, scores summed in one fixed order, explanations in closed form."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec
import numpy as np

from backend.numerics.linear_terms import Floats, Lookup, UnsoundTerm, lookups_of
from backend.numerics.trees.transfers import plain_json
from schemas.linear_model import LevelsTerm, LinearModel


class MalformedLinear(ValueError):
    """The file is not a linear model; the message names the problem, with its pointer if it has one."""


@dataclass(frozen=True)
class Linear:
    """A linear model: `margin = intercept + Σ contribution`, for raw values, because the coefficients include the standardisation. A feature contributes
    `coefficient × value`, or the result of its lookup. `levels` are the categories of a feature, in the order of their codes. `takes_missing` are the
    features with a rule for missing values.
    """

    features: list[str]
    coefficients: Floats
    intercept: float
    link: Literal["identity", "logit", "log"]
    lookups: Mapping[int, Lookup] = field(default_factory=dict)
    levels: Mapping[str, list[str]] = field(default_factory=dict)
    takes_missing: tuple[str, ...] = ()

    @property
    def logit(self) -> bool:
        """Return whether the score is a probability."""
        return self.link == "logit"

    def parts(self, matrix: Floats) -> Floats:
        """Return the contributions [n, f] of rows [n, f]; NaN for a missing value without a rule."""
        found = matrix * self.coefficients
        for at, lookup in self.lookups.items():
            found[:, at] = lookup(matrix[:, at])
        return found

    def margin(self, matrix: Floats) -> Floats:
        """Return the margins [n] of rows [n, f]. Each row is summed from left to right, so a row alone and in a batch has the same margin to the last bit."""
        return self._summed(self.parts(matrix))

    def contributions(self, matrix: Floats, background: Floats) -> tuple[float, Floats]:
        """Return base and Shapley values [n, f] against a background [b, f]: a feature's contribution less its mean, exact for independent replacement.

        Štrumbelj, Kononenko (2014), "Explaining prediction models and individual predictions with feature contributions".

        >>> Linear(["a", "b"], np.array([2.0, -1.0]), 0.5, "identity").contributions(np.array([[1.0, 1.0]]), np.array([[0.0, 0.0], [0.0, 2.0]]))
        (-0.5, array([[ 2., -0.]]))
        """
        mean = background.mean(axis=0)
        usual, values = mean * self.coefficients, self.coefficients * (matrix - mean)
        for at, lookup in self.lookups.items():
            usual[at] = lookup(background[:, at]).mean()
            values[:, at] = lookup(matrix[:, at]) - usual[at]
        return float(self._summed(usual[None, :])[0]), values

    def _summed(self, parts: Floats) -> Floats:
        return np.add.accumulate(np.column_stack([np.full(len(parts), self.intercept), parts]), axis=1)[:, -1]


def read_linear(content: bytes) -> Linear:
    """Return the model in a file. Raises MalformedLinear."""
    try:
        said = msgspec.json.decode(plain_json(content), type=LinearModel)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedLinear(str(error)) from error
    count = len(said.features)
    if len(set(said.features)) != count:
        raise MalformedLinear("`features` has a name twice.")
    if len(said.coefficients) != count:
        raise MalformedLinear(f"`coefficients` has {len(said.coefficients)} entries for {count} features.")
    coefficients, intercept, shifts = np.array(said.coefficients), said.intercept, np.zeros(count)
    if said.standardisation:
        mean, scale = np.array(said.standardisation.mean), np.array(said.standardisation.scale)
        if {len(mean), len(scale)} != {count}:
            raise MalformedLinear(f"`standardisation` must have {count} means and {count} scales.")
        if np.any(scale == 0):
            raise MalformedLinear("`standardisation.scale` has a 0; a scale must differ from 0.")
        with np.errstate(over="ignore", invalid="ignore"):
            coefficients = coefficients / scale
            shifts = coefficients * mean
            intercept -= float(shifts.sum())
    if not (np.isfinite(coefficients).all() and np.isfinite(intercept)):
        raise MalformedLinear("A coefficient combined with its standardisation is not a finite number.")
    try:
        lookups = lookups_of(said.terms, said.features, coefficients, shifts)
    except UnsoundTerm as error:
        raise MalformedLinear(str(error)) from None
    levels = {name: list(term.levels) for name, term in said.terms.items() if isinstance(term, LevelsTerm)}
    takes_missing = tuple(name for at, name in enumerate(said.features) if at in lookups and not np.isnan(lookups[at].missing))
    return Linear(list(said.features), coefficients, intercept, said.link, lookups, levels, takes_missing)
