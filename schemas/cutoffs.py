"""Shapes: what each cut-off would have given on mature applications."""

from typing import Annotated

import msgspec

from schemas.common import Fraction, Name, Shape, Slug
from schemas.comparison import MetricEstimate


class CutoffLimits(Shape, frozen=True, kw_only=True):
    """What a cut-off must hold: at least this approval rate and four-fifths ratio, at most this bad rate. Absent: anything."""

    approval_rate: Fraction | None = None
    bad_rate: Fraction | None = None
    ratio: Fraction | None = None


class ExploreCutoffs(Shape, frozen=True, kw_only=True):
    """Cut-offs on the latest mature rows of a version in a group's log. `version` is its label; absent: the champion's.

    `segment` is an input of the requests by which approval rates are compared (the four-fifths ratio).
    """

    slug: Slug
    version: str | None = None
    segment: Name | None = None
    limits: CutoffLimits = CutoffLimits()
    most: Annotated[int, msgspec.Meta(ge=1, le=200_000, description="The latest rows to look at.")] = 50_000


class CutoffPoint(Shape, frozen=True, kw_only=True):
    """One cut-off: applications on its safe side are approved, all others declined.

    `unknown` is the share of the approved that no known outcome stands for; `bad_rate_least` and `bad_rate_most` are the bad rate if those were all good,
    or all bad. `value` is per application. `recall` is the share of bad applications that are declined, of those with a known outcome. `ratio` is the lowest
    approval rate of a segment over the highest. `within`: the cut-off holds the limits, unknown outcomes counted as bad.
    """

    cut: float
    approval_rate: MetricEstimate
    bad_rate: MetricEstimate
    bad_rate_least: float | None
    bad_rate_most: float | None
    unknown: float
    value: MetricEstimate
    recall: MetricEstimate
    ratio: MetricEstimate
    within: bool


class CutoffCurve(Shape, frozen=True, kw_only=True):
    """What each cut-off would have given. `best` has the highest value within the limits, or without values the highest approval rate.

    `rows` are mature applications, `known` those with an outcome. `approve_below`: lower scores are approved, by the group's `positive_scores`.
    `currency` is absent where the group has no value table for both an approval and a decline.
    """

    version: str
    rows: int
    known: int
    approve_below: bool
    currency: str | None
    points: list[CutoffPoint]
    best: CutoffPoint | None
    words: str
