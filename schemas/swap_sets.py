"""Shapes: applications that two versions scored, by which of them would approve."""

from typing import Annotated, Literal

import msgspec

from schemas.common import Shape, Slug
from schemas.comparison import MetricEstimate


class AskSwapSet(Shape, frozen=True, kw_only=True):
    """Compare the decisions of a `shadow`, by its label, with those of the answers that it copied. Absent: the first shadow of the current phase."""

    slug: Slug
    shadow: str | None = None
    most: Annotated[int, msgspec.Meta(ge=1, le=200_000, description="The latest mature applications to look at.")] = 50_000


class SwapPart(Shape, frozen=True, kw_only=True):
    """One part of the applications: `n` in all, `known` with an outcome, and `bad` with the outcome 1.

    `bad_rate` is that of the known ones. The whole part's lies from `least`, if every unknown outcome is good, to `most`, if every one is bad. `answered_value`
    and `shadow_value` are the mean worths by either version's decisions, of the applications with a known worth.
    """

    name: Literal["both", "only_answered", "only_shadow", "neither"]
    n: int
    known: int
    bad: int
    bad_rate: MetricEstimate
    least: float | None
    most: float | None
    answered_value: float | None
    answered_value_n: int
    shadow_value: float | None
    shadow_value_n: int


class SwapSet(Shape, frozen=True, kw_only=True):
    """The swap set of a shadow and the versions that answered. Values are in `currency`, where the group has a value table."""

    slug: str
    shadow: str
    answered: list[str]
    rows: int
    currency: str | None
    parts: list[SwapPart]
    words: str
