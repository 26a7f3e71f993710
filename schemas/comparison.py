"""The parts of a group's comparison."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Interval, Shape

DecisionMetric = Literal["brier", "log_loss", "accuracy", "roc_auc", "mae", "rmse"]
Scale = Literal["probability", "points", "number"]
"""The scale of scores: probabilities of yes; points that only rank (the group says whether higher or lower means yes); or estimates of a number."""


class MetricEstimate(Shape, frozen=True, kw_only=True):
    """A metric with its interval; `value` is absent when it cannot be computed (`n` too small, one class only).

    `within` is the largest error against the value from the rows themselves: 0 except for metrics from bins of scores.
    """

    value: float | None
    interval: Interval | None
    n: int
    within: float = 0.0


NO_ESTIMATE = MetricEstimate(value=None, interval=None, n=0)


class ScoreBin(Shape, frozen=True, kw_only=True):
    """Scores from `low` up to `high`."""

    low: float
    high: float
    count: int


class Latency(Shape, frozen=True, kw_only=True):
    """Time to answer, in microseconds, with 95 % intervals; `within` is the relative error from counting in bins."""

    p50_us: float
    p95_us: float
    p99_us: float
    p50: Interval | None = None
    p95: Interval | None = None
    p99: Interval | None = None
    within: float = 0.0


class CohortCount(Shape, frozen=True, kw_only=True):
    """Requests of one time span: the number that this contender answered by random assignment, and those with an outcome. `compared`: old enough to compare."""

    start: datetime
    seconds: int
    n: int
    labelled: int
    compared: bool


class Maturity(Shape, frozen=True, kw_only=True):
    """The requests to compare: those before `until` (absent: all). `window`: by the group's `maturity_hours`.

    `automatic`: the newest time up to which the outcomes of every contender have arrived.
    """

    policy: Literal["automatic", "window"]
    hours: float | None
    until: datetime | None


class Difference(Shape, frozen=True, kw_only=True):
    """How much better than the champion a version is on the decision metric (below 0: worse), with an always-valid interval.

    `paired`: a shadow and the answers to the same requests. `phases` are the pooled ones, each compared by itself first. `needed`: about how many more outcomes
    would decide, if the difference stays the same.
    """

    version_id: UUID
    label: str
    against: str
    metric: str
    value: float | None
    interval: Interval | None
    n: int
    paired: bool
    phases: list[int]
    better: bool | None
    needed: int | None = None


class RevealedBand(Shape, frozen=True, kw_only=True):
    """Scores from `low` up to `high`: how many requests are old enough, and for how many of them the outcome came in."""

    low: float
    high: float
    asked: int
    known: int


class RevealedShares(Shape, frozen=True, kw_only=True):
    """The outcomes of one version that came in, by score band."""

    version_id: UUID
    label: str
    bands: list[RevealedBand]


class SelectiveOutcomes(Shape, frozen=True, kw_only=True):
    """Outcomes that only some decisions reveal, so figures on outcomes are not compared between versions.

    `by_score`, `by_version`: the share of outcomes that came in depends on the score, or differs between the versions, beyond chance. `declared`: the
    decisions for which the group says that outcomes exist. `question`: what to answer when nobody has said it.
    """

    by_score: bool
    by_version: bool
    declared: list[str]
    words: str
    question: str
    shares: list[RevealedShares]


class OutcomeBounds(Shape, frozen=True, kw_only=True):
    """What a figure over all requests can be when `unknown` of its `n` outcomes are not known: a band, never a point.

    `any`: whatever those outcomes are. `plausible`: their bad rate is as plausible for their scores. `with_chance` adds what chance can do, with 95 %
    certainty. `metric`: `bad_rate`, `brier` or `roc_auc`.
    """

    metric: str
    assumption: Literal["any", "plausible"]
    within: Interval
    with_chance: Interval
    n: int
    unknown: int


class ExploredFigure(Shape, frozen=True, kw_only=True):
    """One figure: `bad_rate`, `roc_auc`, `brier` or `calibration_error`."""

    metric: str
    estimate: MetricEstimate


class ExploredGroup(Shape, frozen=True, kw_only=True):
    """People with one `value` of a protected or segment `column`, among the same requests.

    `approved_of_good` is the share of good applicants that the rule approves (equal opportunity); `bad_rate` is of all of them. Compare intervals, not points.
    """

    column: str
    value: str
    n: int
    approved_of_good: MetricEstimate
    bad_rate: MetricEstimate


class ExploredFigures(Shape, frozen=True, kw_only=True):
    """Figures by inverse propensity, self-normalised, with intervals by cluster, of the requests that `on` names.

    `rows` were old enough, `explored` of them approved by lot, and `known` have an outcome that counts.
    """

    on: str
    rows: int
    explored: int
    known: int
    figures: list[ExploredFigure]
    groups: list[ExploredGroup]


class Conclusion(Shape, frozen=True, kw_only=True):
    """The comparison as text for deciders: who leads, by how much, how certain it is, what is missing, what to do next."""

    state: Literal["alone", "mismatch", "early", "open", "leads", "selective"]
    headline: str
    margin: str
    certainty: str
    waiting: str
    advice: str


class SampleRatio(Shape, frozen=True, kw_only=True):
    """Whether the actual split is the requested one. Chi-square over the counts of randomly assigned requests; `ok` unless p is below 0.001."""

    chi_square: float
    p_value: float
    ok: bool
    words: str = ""


class RowRange(Shape, frozen=True, kw_only=True):
    """The log rows of a figure: the first and the last inference id."""

    first: UUID
    last: UUID


class TallyRebuild(Shape, frozen=True, kw_only=True):
    """A run that rebuilds a group's tallies from its log."""

    slug: str
    run_id: UUID


MaturityHours = Annotated[
    float,
    msgspec.Meta(
        ge=0,
        le=87_600,
        description="Hours. Only requests of this age are compared, so that their outcomes have arrived. "
        "Absent: found from the arrival of outcomes. 0 compares all.",
    ),
]
