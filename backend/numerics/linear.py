"""Linear models: read strictly, scored in one fixed order of summation, explained in closed form."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from backend.numerics.trees.transfers import plain_json
from schemas.linear_model import LinearModel

Floats = NDArray[np.float64]


class MalformedLinear(ValueError):
    """The file is not a linear model; the message says what is wrong, with its pointer where there is one."""


@dataclass(frozen=True)
class Linear:
    """`margin = intercept + rows @ coefficients`, of values as they come: a standardisation is already worked in."""

    features: list[str]
    coefficients: Floats
    intercept: float
    logit: bool

    def margin(self, matrix: Floats) -> Floats:
        """The margins [n] of rows [n, f]. Each row is summed from left to right, so that a row alone and in a batch are the same to the last bit."""
        return np.add.accumulate(np.column_stack([np.full(len(matrix), self.intercept), matrix * self.coefficients]), axis=1)[:, -1]

    def contributions(self, matrix: Floats, background: Floats) -> tuple[float, Floats]:
        """Base and Shapley values [n, f] against a background [b, f]: `coefficient × (value - mean)`, exact for independent replacement.

        Štrumbelj, Kononenko (2014), "Explaining prediction models and individual predictions with feature contributions".

        >>> Linear(["a", "b"], np.array([2.0, -1.0]), 0.5, False).contributions(np.array([[1.0, 1.0]]), np.array([[0.0, 0.0], [0.0, 2.0]]))
        (-0.5, array([[ 2., -0.]]))
        """
        mean = background.mean(axis=0)
        return float(self.margin(mean[None, :])[0]), self.coefficients * (matrix - mean)


def read_linear(content: bytes) -> Linear:
    """The model in a file. Raises MalformedLinear."""
    try:
        said = msgspec.json.decode(plain_json(content), type=LinearModel)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedLinear(str(error)) from error
    count = len(said.features)
    if len(set(said.features)) != count:
        raise MalformedLinear("`features` has a name twice.")
    if len(said.coefficients) != count:
        raise MalformedLinear(f"`coefficients` has {len(said.coefficients)} entries for {count} features.")
    coefficients, intercept = np.array(said.coefficients), said.intercept
    if said.standardisation:
        mean, scale = np.array(said.standardisation.mean), np.array(said.standardisation.scale)
        if {len(mean), len(scale)} != {count}:
            raise MalformedLinear(f"`standardisation` must have {count} means and {count} scales.")
        if np.any(scale == 0):
            raise MalformedLinear("`standardisation.scale` has a 0, by which nothing can be divided.")
        with np.errstate(over="ignore", invalid="ignore"):
            coefficients = coefficients / scale
            intercept -= float((coefficients * mean).sum())
    if not (np.isfinite(coefficients).all() and np.isfinite(intercept)):
        raise MalformedLinear("A coefficient, worked in with its standardisation, is not a finite number.")
    return Linear(list(said.features), coefficients, intercept, said.link == "logit")
