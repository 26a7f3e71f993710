"""Canary ramps: a challenger's share raised by steps, watched by guardrails. And what can be said of a split from the log."""

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
    """The challenger's share, and what must be so before the next step: how long it has held, how many requests it got, how many outcomes are in."""

    share: Share
    hold_seconds: Seconds
    min_answers: Count = 0
    min_outcomes: Count = 0


class Guardrails(Shape, frozen=True, kw_only=True):
    """What rolls a ramp back. Errors are requests of the challenger's that failed or that the champion had to answer; both need `min_answers` to be judged.

    `loss`: the always-valid comparison on the group's decision metric finds the challenger worse than the champion.
    """

    max_error_rate: Fraction | None = 0.01
    max_latency_p95_ms: Annotated[float, msgspec.Meta(gt=0)] | None = None
    loss: bool = True
    min_answers: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 50


class StartRamp(Shape, frozen=True, kw_only=True):
    """Raise a challenger's share by steps, based on the phase the caller was looking at. The champion gives what the challenger gets; others keep theirs."""

    slug: Slug
    phase: int
    version_id: UUID
    steps: Annotated[list[RampStep], msgspec.Meta(min_length=1, max_length=20)]
    guardrails: Guardrails = Guardrails()
    reason: Reason = ""


class RampRef(Shape, frozen=True, kw_only=True):
    """A group's ramp. Pausing a paused one, or resuming a running one, changes nothing."""

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
    """What a step was judged by: of the challenger, `champion_…` of the champion. Latencies in microseconds.

    `loss_…` is the champion's mean loss minus the challenger's, with its always-valid bounds: a `loss_high` below 0 says that the challenger is worse.
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
    """One decision, by a person or by the ramp itself, with the figures it was based on."""

    number: int
    at: datetime
    by: str
    step: int
    decision: Literal["start", "advance", "complete", "roll_back", "pause", "resume", "cancel"]
    words: str
    figures: RampFigures | None


class Ramp(Shape, frozen=True, kw_only=True):
    """A ramp as it is. `step` counts from 0; `due_at` is when the step has held long enough; `words` say what it waits for, or why it ended."""

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
    """Recompute who had to answer, of a phase or of a span of time (absent: of everything)."""

    slug: Slug
    phase: int | None = None
    after: datetime | None = None
    before: datetime | None = None


class RoutingMismatch(Shape, frozen=True, kw_only=True):
    """A row that the phases do not explain: what is recorded, and what was expected."""

    inference_id: UUID
    phase: int
    bucket: int
    recorded: str
    expected: str


class RoutingReplay(Shape, frozen=True, kw_only=True):
    """`matched` of `rows` were answered by whom the phases say, by reason: `split` (the bucket's owner), `features` (the owner lacked required features),
    `fallback` (the owner failed, was halted or not loaded), `preferred` (named by its caller), `shadow` (a copy). `examples` are up to 20 others."""

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
    """What a split would have given on the requests of a phase (absent: the current one). The shares sum to 10 000."""

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
