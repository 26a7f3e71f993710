"""From margin to score, as LightGBM's objectives do it."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from backend.runtimes.protocol import Floats, Space


@dataclass(frozen=True)
class Link:
    """From a margin to its score: `one` for one number, the link itself for an array of them."""

    one: Callable[[float], float]

    def __call__(self, margin: Floats) -> Floats:
        """The scores of margins [n]."""
        return margin if self is SAME else np.array([self.one(value) for value in margin.tolist()], dtype=np.float64)


SAME = Link(float)

IDENTITY = {"regression", "regression_l1", "huber", "fair", "quantile", "mape", "lambdarank", "rank_xendcg", "custom", ""}


def link_of(objective: str) -> Link | None:
    """The link of an objective as the model file names it; None where LightGBM itself must be asked.

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
    """Whether margins are the scores themselves."""
    return "value" if link_of(objective) is SAME else "margin"


def sigmoid(slope: float) -> Link:
    """The logistic function, as LightGBM computes it."""

    # math.exp is the C library's, which LightGBM uses too; numpy's own vectorised exp may differ in the last bit.
    return Link(lambda margin: 1.0 / (1.0 + _exp(-slope * margin)))


def _exp(value: float) -> float:
    try:
        return math.exp(value)
    except OverflowError:
        return math.inf
