"""Canary ramps: a challenger's share rises in steps under guardrails. And checks of a split from the log."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Fraction, Shape, Slug
from schemas.comparison import MetricEstimate
from schemas.groups import Reason

Share = Annotated[int, msgspec.Meta(ge=1, le=10_000, description="Hundredths of a percent of the traffic.")]
Seconds = Annotated[int, msgspec.Meta(ge=0, le=90 * 86_400)]
Count = Annotated[int, msgspec.Meta(ge=0, le=1_000_000_000)]


class RampStep(Shape, frozen=True, kw_only=True):
    """The challenger's share, and the conditions for the next step: its duration, its number of requests, its number of outcomes."""

    share: Share
    hold_seconds: Seconds
    min_answers: Count = 0
    min_outcomes: Count = 0


class Guardrails(Shape, frozen=True, kw_only=True):
    """The conditions that roll a ramp back. Errors are the challenger's requests that failed or that the champion had to answer. Both need `min_answers` to be
    judged.

    `loss`: the always-valid comparison on the group's decision metric finds the challenger worse than the champion.
    """

    max_error_rate: Fraction | None = 0.01
    max_latency_p95_ms: Annotated[float, msgspec.Meta(gt=0)] | None = None
    loss: bool = True
    min_answers: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 50


class StartRamp(Shape, frozen=True, kw_only=True):
    """Raise a challenger's share in steps, based on the phase that the caller read. The champion gives the share; others keep theirs."""

    slug: Slug
    phase: int
    version_id: UUID
    steps: Annotated[list[RampStep], msgspec.Meta(min_length=1, max_length=20)]
    guardrails: Guardrails = Guardrails()
    reason: Reason = ""


class RampRef(Shape, frozen=True, kw_only=True):
    """A group's ramp. Pausing a paused ramp, or resuming a running one, changes nothing."""

    slug: Slug
    reason: Reason = ""


class RampState(StrEnum):
    """The life of a ramp."""

    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    ROLLED_BACK = "rolled_back"
    CANCELLED = "cancelled"


class RampFigures(Shape, frozen=True, kw_only=True):
    """The figures of a step: the challenger's, and `champion_…` the champion's. Latencies in microseconds.

    `loss_…` is the champion's mean loss minus the challenger's, with its always-valid bounds: a `loss_high` below 0 means that the challenger is worse.
    `loss_held` says why no losses are compared: only some decisions reveal outcomes.
    """

    requests: int
    errors: int
    error_rate: float | None
    latency_p95_us: float | None
    champion_latency_p95_us: float | None
    outcomes: int
    champion_outcomes: int
    loss_difference: float | None
    loss_low: float | None
    loss_high: float | None
    loss_held: str = ""


class RampDecision(Shape, frozen=True, kw_only=True):
    """One decision, by a person or by the ramp itself, with its figures."""

    number: int
    at: datetime
    by: str
    step: int
    decision: Literal["start", "advance", "complete", "roll_back", "pause", "resume", "cancel"]
    words: str
    figures: RampFigures | None


class Ramp(Shape, frozen=True, kw_only=True):
    """A ramp's current state. `step` counts from 0; `due_at` is when the step has held long enough; `words` say what it waits for, or why it ended."""

    id: UUID
    slug: str
    version_id: UUID
    label: str
    model_name: str
    state: RampState
    steps: list[RampStep]
    guardrails: Guardrails
    step: int
    phase: int
    step_at: datetime
    due_at: datetime | None
    started_at: datetime
    started_by: str
    ended_at: datetime | None
    words: str
    decisions: list[RampDecision]


class ReplayRouting(Shape, frozen=True, kw_only=True):
    """Recompute the answering version for a phase or a time span (absent: for everything)."""

    slug: Slug
    phase: int | None = None
    after: datetime | None = None
    before: datetime | None = None


class RoutingMismatch(Shape, frozen=True, kw_only=True):
    """A row that the phases do not explain: the recorded and the expected version."""

    inference_id: UUID
    phase: int
    bucket: int
    recorded: str
    expected: str


class RoutingReplay(Shape, frozen=True, kw_only=True):
    """`matched` of `rows` were answered by the version that the phases demand, by reason. `split`: the bucket's owner. `features`: the owner lacked required
    features. `fallback`: the owner failed, was halted or not loaded. `preferred`: named by its caller. `shadow`: a copy. `examples` are up to 20
    mismatches.
    """

    slug: str
    rows: int
    matched: int
    reasons: dict[str, int]
    examples: list[RoutingMismatch]


class SplitShare(Shape, frozen=True, kw_only=True):
    """A version's share in a split."""

    version_id: UUID
    share: Annotated[int, msgspec.Meta(ge=0, le=10_000)]


class EstimateSplit(Shape, frozen=True, kw_only=True):
    """Estimate the result of a split on the requests of a phase (absent: the current one). The shares sum to 10 000."""

    slug: Slug
    members: Annotated[list[SplitShare], msgspec.Meta(min_length=1, max_length=20)]
    phase: int | None = None


class SplitEstimate(Shape, frozen=True, kw_only=True):
    """The group's decision metric as a mean loss (lower is better): under the split as it was, under the proposed one, and proposed minus as it was.

    Inverse-propensity weighted over labelled predictions, with 95 % intervals that count a bucket's requests together, as they meet the same version.
    `effective_n` is how many evenly weighted predictions the estimate is worth. `held` says why it is of approved requests alone and no ground for a split:
    only some decisions reveal outcomes.
    """

    slug: str
    phase: int
    metric: str
    n: int
    effective_n: float
    current: MetricEstimate
    proposed: MetricEstimate
    difference: MetricEstimate
    held: str = ""
