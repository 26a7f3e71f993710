"""Shapes: comparisons of a group's versions, and promotions on the evidence of one."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Fraction, Shape, Slug, Threshold
from schemas.comparison import (
    NO_ESTIMATE,
    CohortCount,
    Conclusion,
    Difference,
    ExploredFigures,
    Latency,
    Maturity,
    MetricEstimate,
    OutcomeBounds,
    RowRange,
    SampleRatio,
    Scale,
    ScoreBin,
    SelectiveOutcomes,
)
from schemas.groups import AcceptRefusals, BasisPoints, Group, MemberRole


class CompareGroup(Shape, frozen=True, kw_only=True):
    """The group's comparison in one phase (absent: the current one).

    `exact` computes it from every row of the log, `pooled` draws on earlier phases too: each phase's difference by itself, then all of them weighed.
    """

    slug: Slug
    phase: int | None = None
    exact: bool = False
    pooled: bool = False


class Contender(Shape, frozen=True, kw_only=True):
    """One version's figures. `n` counts answered predictions, `n_labelled` those with a known outcome.

    Figures on outcomes cover randomly assigned requests that are old enough: `n_compared`, with `n_compared_labelled` outcomes.
    Mean score, scores and latency cover all randomly assigned ones. `error_rate`: the share of its assigned requests that failed.
    `fallback_rate`: the share that the champion answered instead. `outcomes_on` names the requests behind figures on outcomes.
    With selective outcomes, `bounds` are the possible values over all requests. `approval_rate`, `bad_rate` (among its own approved) and `value` follow
    the decisions in `Comparison.decided_by`. `value` is per mature application, in the value table's currency (`Comparison.currency`); `value_clipped` is the
    share of known worths that were cut at the table's limits. `explored` are figures beyond the approved ones, where the group explores.
    """

    version_id: UUID
    label: str
    model_name: str
    role: MemberRole
    share: int
    n: int
    n_labelled: int
    observed_share: float
    positive_rate: float | None
    mean_score: MetricEstimate
    accuracy: MetricEstimate
    precision: MetricEstimate
    recall: MetricEstimate
    f1: MetricEstimate
    roc_auc: MetricEstimate
    pr_auc: MetricEstimate
    brier: MetricEstimate
    log_loss: MetricEstimate
    calibration_error: MetricEstimate
    latency: Latency | None
    scores: list[ScoreBin]
    n_compared: int = 0
    n_compared_labelled: int = 0
    brier_skill: MetricEstimate = NO_ESTIMATE
    mae: MetricEstimate = NO_ESTIMATE
    rmse: MetricEstimate = NO_ESTIMATE
    mean_error: MetricEstimate = NO_ESTIMATE
    error_rate: MetricEstimate = NO_ESTIMATE
    fallback_rate: MetricEstimate = NO_ESTIMATE
    ks: MetricEstimate = NO_ESTIMATE
    gini: MetricEstimate = NO_ESTIMATE
    cohorts: list[CohortCount] = []
    outcomes_on: str = ""
    bounds: list[OutcomeBounds] = []
    approval_rate: MetricEstimate = NO_ESTIMATE
    bad_rate: MetricEstimate = NO_ESTIMATE
    value: MetricEstimate = NO_ESTIMATE
    value_clipped: Fraction | None = None
    explored: ExploredFigures | None = None


class Comparison(Shape, frozen=True, kw_only=True):
    """The contenders side by side. `evidence_id` is what a promotion based on this view hands back; `rows` is absent while there are none.

    `leader` is absent while nothing is proven, where the traffic split is not as configured (`sample_ratio`), and where outcomes are selective (`selection`).
    `scale` says what scores are; where they are points, only metrics of rank and of the threshold can be computed. `regression`: outcomes are numbers, so
    the decision is on the errors. `exact`: from every row, not from what was kept while logging. `minimum` is the number of
    outcomes that each version needs before its figures say anything.
    """

    slug: Slug
    phase: int
    at: datetime
    evidence_id: UUID
    decision_metric: str
    threshold: float
    contenders: list[Contender]
    sample_ratio: SampleRatio | None
    rows: RowRange | None
    verdict: str
    leader: UUID | None
    regression: bool = False
    scale: Scale = "probability"
    exact: bool = False
    maturity: Maturity | None = None
    differences: list[Difference] = []
    conclusion: Conclusion | None = None
    minimum: int = 0
    selection: SelectiveOutcomes | None = None
    currency: str | None = None
    decided_by: Literal["recommended", "final"] = "recommended"


class Promote(Shape, frozen=True, kw_only=True):
    """Make a challenger the champion, on the evidence seen. `keep_old` leaves the old champion as a challenger with that share.

    `threshold` is the new champion's decision threshold (absent: unchanged).
    """

    slug: Slug
    version_id: UUID
    evidence_id: UUID
    keep_old: BasisPoints | None = None
    threshold: Threshold | None = None
    reason: str = ""
    accept_refusals: AcceptRefusals = False


class EstimateImpact(Shape, frozen=True, kw_only=True):
    """The versions to check against the group's requests."""

    slug: Slug
    version_ids: Annotated[list[UUID], msgspec.Meta(min_length=1, max_length=20)]


class LackingFeature(Shape, frozen=True, kw_only=True):
    """A required feature that requests omit or send as null."""

    name: str
    requests: int


class ServingImpact(Shape, frozen=True, kw_only=True):
    """Latest requests of the group that a version could not answer, because they lack a required feature: at most 20,000 of the last seven days.

    A champion would refuse them; for a challenger the champion answers them.
    """

    version_id: UUID
    label: str
    requests: int
    lacking: int
    share: float
    features: list[LackingFeature]


class Promotion(Shape, frozen=True, kw_only=True):
    """A completed promotion: the group's current state, and the hash of the evidence in the audit log."""

    group: Group
    evidence_hash: str


class Evidence(Shape, frozen=True, kw_only=True):
    """The basis of a promotion: the comparison as shown, the share of known outcomes, the approver, the policy.

    `refused_share`: the share of the last week's requests that the new champion refuses, accepted with the promotion.
    """

    comparison: Comparison
    matured_share: float
    approver: str
    policy_version: str
    refused_share: float = 0.0


class PromotionRecord(Shape, frozen=True, kw_only=True):
    """A past promotion with its basis."""

    phase: int
    at: datetime
    by: str
    from_label: str
    to_label: str
    reason: str
    evidence_hash: str
    evidence: "Evidence"
