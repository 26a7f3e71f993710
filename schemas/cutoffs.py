"""Shapes: what each cut-off would have given on mature applications."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Fraction, Name, Shape, Slug
from schemas.comparison import MetricEstimate
from schemas.groups import BasisPoints


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

    `unknown` is the share of the approved that no known outcome stands for. `bad_rate_least` and `bad_rate_most` are the bad rate if those were all good, or
    all bad. `value` is per application; `gain` is how much more that is than by the logged decisions, on the same applications. Both are null where the cut-off
    approves applications whose outcome a decision hides: the value then lies from `value_least` to `value_most`. `recall` is the share of bad applications that
    are declined, of those with a known outcome. `ratio` is the lowest approval rate of a segment over the highest; segments with less than 2 % of the
    applications are left out. `within`: the cut-off holds the limits, with unknown outcomes counted as bad.
    """

    cut: float
    approval_rate: MetricEstimate
    bad_rate: MetricEstimate
    bad_rate_least: float | None
    bad_rate_most: float | None
    unknown: float
    value: MetricEstimate
    gain: MetricEstimate
    recall: MetricEstimate
    ratio: MetricEstimate
    within: bool
    value_least: float | None = None
    value_most: float | None = None


class CurrentDecisions(Shape, frozen=True, kw_only=True):
    """The same applications by the logged decisions. `value` is per application."""

    approval_rate: MetricEstimate
    bad_rate: MetricEstimate
    value: MetricEstimate


class CutoffCurve(Shape, frozen=True, kw_only=True):
    """What each cut-off would have given. `best` has the highest value within the limits, or without values the highest approval rate.

    A value that is a range counts by its lower end.

    `rows` are mature applications, `known` those with an outcome. `approve_below`: lower scores are approved, by the group's `positive_scores`.
    `currency` is absent where the group has no value table for both an approval and a decline. `current` is absent where rows have no decision.
    """

    version: str
    rows: int
    known: int
    approve_below: bool
    currency: str | None
    points: list[CutoffPoint]
    current: CurrentDecisions | None
    best: CutoffPoint | None
    words: str


class TryCutoff(Shape, frozen=True, kw_only=True):
    """Make a version of `version` (by its label; absent: the champion) with this cut-off, and put it into the group in `phase`, the current one.

    A challenger takes `share` from the champion; a shadow answers nobody, and its share is 0.
    """

    slug: Slug
    phase: int
    cut: float
    version: str | None = None
    role: Literal["challenger", "shadow"] = "shadow"
    share: BasisPoints = 0


class CutoffTrial(Shape, frozen=True, kw_only=True):
    """A cut-off that was tried. `expected` is the value per application on mature rows before the change.

    `expected_gain` is how much more that was than by the decisions of the time. Where outcomes were hidden, both are null, and the value lay from
    `expected_least` to `expected_most`. `groups.comparison` measures the version's value after the change.
    """

    version_id: UUID
    version: str
    of: str
    cut: float
    role: str
    phase: int
    at: datetime
    by: str
    currency: str | None
    expected: MetricEstimate
    expected_gain: MetricEstimate
    expected_approval_rate: MetricEstimate
    expected_least: float | None = None
    expected_most: float | None = None


class CutoffTrials(Shape, frozen=True, kw_only=True):
    """The cut-offs tried in a group, newest first."""

    slug: str
    trials: list[CutoffTrial]
