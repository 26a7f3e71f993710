"""Links from margin to score, as in LightGBM's objectives."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backend.runtimes.protocol import Floats, Space


@dataclass(frozen=True)
class Link:
    """A link from margin to score: `one` for one number, the call for an array."""

    one: Callable[[float], float]

    def __call__(self, margin: Floats) -> Floats:
        """Return the scores of margins [n]."""
        return margin if self is SAME else np.array([self.one(value) for value in margin.tolist()], dtype=np.float64)


SAME = Link(float)

IDENTITY = {"regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom", ""}


def link_of(objective: str) -> Link | None:
    """Return the link of an objective's name in the model file; None when only LightGBM itself computes it.

    >>> link = link_of("binary sigmoid:2")
    >>> float(link(np.zeros(1))[0])
    0.5
    """
    name, *rest = objective.split(" ")
    parameters = dict(part.split(":", 1) for part in rest if ":" in part)
    if name == "binary":
        return sigmoid(float(parameters.get("sigmoid", "1")))
    if name == "cross_entropy":
        return sigmoid(1.0)
    return SAME if name in IDENTITY and "sqrt" not in rest else None


def space_of(objective: str) -> Space:
    """Return the space of explanations: whether margins are the scores."""
    return "value" if link_of(objective) is SAME else "margin"


def sigmoid(slope: float) -> Link:
    """Return the logistic function, as LightGBM computes it."""

    # math.exp is the C library's, like LightGBM's; numpy's vectorised exp may differ in the last bit.
    return Link(lambda margin: 1.0 / (1.0 + _exp(-slope * margin)))


def exponential() -> Link:
    """Return the exponential function, the link of counts. Too large a margin gives infinity."""
    return Link(_exp)


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
