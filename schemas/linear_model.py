"""A linear model or scorecard as an artifact: `score = link(intercept + Σ coefficient × value)`."""

from typing import Annotated, Literal

import msgspec

from schemas.common import Name, Shape

MOST_FEATURES = 10_000


class Standardisation(Shape, frozen=True, kw_only=True):
    """The first step for each value, in the features' order: `(value - mean) / scale`."""

    mean: list[float]
    scale: Annotated[list[float], msgspec.Meta(description="None of them 0.")]


class LinearModel(Shape, frozen=True, kw_only=True):
    """A complete linear artifact. `coefficients` are in the features' order; with `logit` the score is the probability of the positive class."""

    format: Literal["linear"]
    features: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=MOST_FEATURES, description="Each name once.")]
    coefficients: Annotated[list[float], msgspec.Meta(min_length=1, max_length=MOST_FEATURES)]
    intercept: float
    link: Literal["identity", "logit"] = "identity"
    standardisation: Standardisation | None = None
