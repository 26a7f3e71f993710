"""Groups: a champion and its challengers behind one endpoint."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Interval, Name, Shape, Slug

BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=10_000, description="Hundredths of a percent of the traffic.")]


class MemberRole(StrEnum):
    """What a version is in a group."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"


class MemberSpec(Shape, frozen=True, kw_only=True):
    """A version's place in a group. Shadows answer nobody: their share is 0."""

    version_id: UUID
    role: MemberRole
    share: BasisPoints


class BucketRange(Shape, frozen=True, kw_only=True):
    """Buckets `start` up to but not including `end`, of 10 000."""

    start: int
    end: int


class Member(Shape, frozen=True, kw_only=True):
    """A version in a group, with the buckets it answers."""

    version_id: UUID
    model_name: str
    model_slug: str
    version: str
    label: str
    role: MemberRole
    share: int
    ranges: list[BucketRange]


class Phase(Shape, frozen=True, kw_only=True):
    """A span of one split. Comparison is within a phase."""

    number: int
    opened_at: datetime
    opened_by: str
    reason: str
    members: list[Member]


class Group(Shape, frozen=True, kw_only=True):
    """A group as it is now. `endpoint` is where predictions are asked for."""

    id: UUID
    name: Name
    slug: Slug
    table_name: str
    endpoint: str
    created_at: datetime
    decision_metric: str
    threshold: float
    phase: Phase


class CreateGroup(Shape, frozen=True, kw_only=True):
    """A new group. The shares of champion and challengers sum to 10 000."""

    name: Name
    slug: Slug
    members: Annotated[list[MemberSpec], msgspec.Meta(min_length=1, max_length=20)]
    decision_metric: Literal["brier", "log_loss", "accuracy"] = "brier"
    threshold: Annotated[float, msgspec.Meta(ge=0, le=1, description="At or above this score the label is the positive class.")] = 0.5


class GroupRef(Shape, frozen=True, kw_only=True):
    """A group, by slug."""

    slug: Slug


class SetSplit(Shape, frozen=True, kw_only=True):
    """New roles and shares, based on the phase the caller was looking at: refused as stale when that has moved on."""

    slug: Slug
    phase: int
    members: Annotated[list[MemberSpec], msgspec.Meta(min_length=1, max_length=20)]
    reason: str = ""


class CompareGroup(Shape, frozen=True, kw_only=True):
    """The group's comparison in one phase (absent: the current one)."""

    slug: Slug
    phase: int | None = None


class MetricEstimate(Shape, frozen=True, kw_only=True):
    """A metric with its interval; `value` is absent while nothing can be said (`n` too small, one class only)."""

    value: float | None
    interval: Interval | None
    n: int


class ScoreBin(Shape, frozen=True, kw_only=True):
    """Scores from `low` up to `high`."""

    low: float
    high: float
    count: int


class Latency(Shape, frozen=True, kw_only=True):
    """Time to answer, in microseconds."""

    p50_us: float
    p95_us: float
    p99_us: float


class Contender(Shape, frozen=True, kw_only=True):
    """One version's figures. `n` counts answered predictions, `n_labelled` those whose outcome is known."""

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


class SampleRatio(Shape, frozen=True, kw_only=True):
    """Is the split that was asked for the one that happened? Chi-square over the contenders' counts."""

    chi_square: float
    p_value: float
    ok: bool


class RowRange(Shape, frozen=True, kw_only=True):
    """The log rows that a figure is made of: the first and the last inference id."""

    first: UUID
    last: UUID


class Comparison(Shape, frozen=True, kw_only=True):
    """The contenders side by side. `evidence_id` is what a promotion based on this view hands back; `rows` is absent while there are none."""

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


class Promote(Shape, frozen=True, kw_only=True):
    """Make a challenger the champion, on the evidence seen. `keep_old` leaves the old champion as a challenger with that share."""

    slug: Slug
    version_id: UUID
    evidence_id: UUID
    keep_old: BasisPoints | None = None
    reason: str = ""


class Promotion(Shape, frozen=True, kw_only=True):
    """A promotion done: the group as it is now, and the hash of the evidence kept in the audit log."""

    group: Group
    evidence_hash: str


class Evidence(Shape, frozen=True, kw_only=True):
    """What a promotion was based on: the comparison as it was shown, how much of the truth was in, who approved, under which policy."""

    comparison: Comparison
    matured_share: float
    approver: str
    policy_version: str


class PromotionRecord(Shape, frozen=True, kw_only=True):
    """A past promotion with what it was based on."""

    phase: int
    at: datetime
    by: str
    from_label: str
    to_label: str
    reason: str
    evidence_hash: str
    evidence: "Evidence"


class DeleteGroup(Shape, frozen=True, kw_only=True):
    """Delete a group. `archive` keeps its log as Parquet with a manifest; `delete` drops it after `grace_hours`."""

    slug: Slug
    policy: Literal["archive", "delete"] = "archive"
    grace_hours: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24
    confirm: Annotated[str, msgspec.Meta(description="The slug once more: deleting is meant.")]


class Deletion(Shape, frozen=True, kw_only=True):
    """A deletion under way: the run that carries it out."""

    slug: Slug
    policy: str
    run_id: UUID
    due_at: datetime
