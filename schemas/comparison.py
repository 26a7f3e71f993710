"""What the comparison of a group's contenders is made of."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Interval, Shape

DecisionMetric = Literal["brier", "log_loss", "accuracy", "roc_auc", "mae", "rmse"]
Scale = Literal["probability", "points", "number"]
"""What scores are: probabilities of yes, points that only rank (a higher or a lower score means yes, as the group says), or estimates of a number."""


class MetricEstimate(Shape, frozen=True, kw_only=True):
    """A metric with its interval; `value` is absent while nothing can be said (`n` too small, one class only).

    `within` is how far the value can be from what the rows themselves give: 0 but for those that are computed from bins of scores.
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
    """Time to answer, in microseconds, with 95 % intervals; `within` is how far off, as a share, counting in bins can make it."""

    p50_us: float
    p95_us: float
    p99_us: float
    p50: Interval | None = None
    p95: Interval | None = None
    p99: Interval | None = None
    within: float = 0.0


class CohortCount(Shape, frozen=True, kw_only=True):
    """Requests of one span of time: how many this contender answered by lot, and of how many the outcome is in. `compared`: old enough to be compared."""

    start: datetime
    seconds: int
    n: int
    labelled: int
    compared: bool


class Maturity(Shape, frozen=True, kw_only=True):
    """Which requests are compared: those asked before `until` (absent: all). `window`: by the group's `maturity_hours`.

    `automatic`: the newest time up to which the outcomes of every contender have arrived.
    """

    policy: Literal["automatic", "window"]
    hours: float | None
    until: datetime | None


class Difference(Shape, frozen=True, kw_only=True):
    """How much better than the champion a version is on the decision metric (below 0: worse), with the interval that may be looked at any time.

    `paired`: a shadow and the answers to the very same requests. `phases` are those that were pooled, each compared by itself first.
    `needed`: about how many outcomes more would decide, if the difference stays what it is.
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


class Conclusion(Shape, frozen=True, kw_only=True):
    """The comparison in words, for people who decide: who leads, by how much, how sure that is, what is not in yet, what to do next."""

    state: Literal["alone", "mismatch", "early", "open", "leads", "selective"]
    headline: str
    margin: str
    certainty: str
    waiting: str
    advice: str


class SampleRatio(Shape, frozen=True, kw_only=True):
    """Is the split that was asked for the one that happened? Chi-square over the counts of requests that came by lot; `ok` unless p is below 0.001."""

    chi_square: float
    p_value: float
    ok: bool
    words: str = ""


class RowRange(Shape, frozen=True, kw_only=True):
    """The log rows that a figure is made of: the first and the last inference id."""

    first: UUID
    last: UUID


class TallyRebuild(Shape, frozen=True, kw_only=True):
    """A group's tallies are made anew from its log by this run."""

    slug: str
    run_id: UUID


MaturityHours = Annotated[
    float,
    msgspec.Meta(
        ge=0,
        le=87_600,
        description="Only requests at least so old are compared, so that their outcomes are in; absent: found out from when outcomes come. 0 compares all.",
    ),
]
