"""A linear model or scorecard as an artifact: `score = link(intercept + Σ contribution)`, where a plain number contributes `coefficient × value`."""

from typing import Annotated, Literal, Union

import msgspec

from schemas.common import Name, Shape

MOST_FEATURES = 10_000
MOST_PARTS = 10_000
"""The most bins or levels of one feature."""

Part = Annotated[float, msgspec.Meta(description="What the feature adds to the sum.")]


class Standardisation(Shape, frozen=True, kw_only=True):
    """The first step for each value, in the features' order: `(value - mean) / scale`."""

    mean: list[float]
    scale: Annotated[list[float], msgspec.Meta(description="None of them 0.")]


class NumberTerm(Shape, frozen=True, kw_only=True, tag_field="kind", tag="number"):
    """A number with its coefficient, which may be missing. `missing` is then added in place of `coefficient × value`."""

    missing: Part


class BinsTerm(Shape, frozen=True, kw_only=True, tag_field="kind", tag="bins"):
    """A number that adds the points of its bin. `edges` ascend. A value below the first edge is in bin 0; a value equal to an edge is in the bin above it."""

    edges: Annotated[list[float], msgspec.Meta(max_length=MOST_PARTS - 1)]
    points: Annotated[list[Part], msgspec.Meta(min_length=1, max_length=MOST_PARTS, description="One more than edges.")]
    missing: Part | None = None


class LevelsTerm(Shape, frozen=True, kw_only=True, tag_field="kind", tag="levels"):
    """A category that adds the points of its level. A value that is none of the levels counts as missing."""

    levels: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=MOST_PARTS, description="Each level once.")]
    points: Annotated[list[Part], msgspec.Meta(min_length=1, max_length=MOST_PARTS, description="One for each level.")]
    missing: Part | None = None


Term = Union[NumberTerm, BinsTerm, LevelsTerm]  # noqa: UP007 (msgspec reads a tagged union of Structs)


class LinearModel(Shape, frozen=True, kw_only=True):
    """A complete linear artifact. `coefficients` are in the features' order; with `logit` the score is the probability of the positive class.

    `terms` describe the features that are more than a number times a coefficient. A feature with bins or levels has the coefficient 0. Without `missing`, a
    missing value has no score.
    """

    format: Literal["linear"]
    features: Annotated[list[Name], msgspec.Meta(min_length=1, max_length=MOST_FEATURES, description="Each name once.")]
    coefficients: Annotated[list[float], msgspec.Meta(min_length=1, max_length=MOST_FEATURES)]
    intercept: float
    link: Literal["identity", "logit", "log"] = "identity"
    standardisation: Standardisation | None = None
    terms: dict[str, Term] = {}
