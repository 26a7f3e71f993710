"""How a group answers, and what becomes of its log."""

from typing import Annotated, Literal

import msgspec

from schemas.common import Fraction, Shape
from schemas.comparison import MaturityHours

RoutingKey = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(entity_key|correlation_id|inference_id|segments\..{1,100})$(?!\n)",
        description="What a request is routed by: `entity_key`, `correlation_id`, a segment (`segments.branch`), or each by itself (`inference_id`).",
    ),
]

OnControlLoss = Annotated[
    Literal["refuse", "stale"],
    msgspec.Meta(
        description="What a process does that has lost PostgreSQL for 600 ms. `refuse`: it answers nobody until it is back. "
        "`stale`: it goes on by the last split it knew and marks its answers, but a halt cannot reach it."
    ),
]

TimeBudget = Annotated[int, msgspec.Meta(ge=1, le=60_000, description="Milliseconds that a challenger may take; then the champion answers.")]

PositiveScores = Annotated[
    Literal["higher", "lower"],
    msgspec.Meta(description="Which scores mean the positive class: those at or above the threshold, or (`lower`, as with credit points) those at or below."),
]

UnknownInputs = Annotated[
    Literal["refuse", "ignore"],
    msgspec.Meta(
        description="What becomes of an input that no version of the group takes: the request is refused with its name, or the input is ignored (it stays in "
        "the log), so that callers can send a feature before its challenger joins."
    ),
]

UnknownCategories = Annotated[
    Literal["refuse", "missing"],
    msgspec.Meta(
        description="A value that is none of the categories which the artifact lists: the request is refused by name, or the model takes it for missing."
    ),
]


Reveals = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=60)]],
    msgspec.Meta(
        min_length=1,
        max_length=20,
        description="The decisions for which outcomes exist, such as `approve`, where others leave the outcome unknown for ever. Absent: not stated. "
        "Figures on outcomes are then told of those alone, and are not compared between versions.",
    ),
]


class GroupSettings(Shape, frozen=True, kw_only=True):
    """How a group answers, what is compared, and what a promotion needs.

    With `require_verdict` the always-valid verdict must be for the version that is promoted, and `min_matured_share` of the phase's predictions must have
    their outcome.
    """

    on_control_loss: OnControlLoss = "refuse"
    time_budget_ms: TimeBudget | None = None
    routing_key: RoutingKey = "entity_key"
    require_verdict: bool = False
    min_matured_share: Fraction = 0.0
    maturity_hours: MaturityHours | None = None
    positive_scores: PositiveScores = "higher"
    unknown_inputs: UnknownInputs = "refuse"
    unknown_categories: UnknownCategories = "refuse"
    reveals: Reveals | None = None


class LogPolicy(Shape, frozen=True, kw_only=True):
    """What becomes of a group's log.

    Rows older than `retention_days` go, week by week (absent: none do), to an archive first where `retention_policy` says so; nothing goes while a
    `legal_hold` (its reason) stands. When nothing can be put on record, a call is refused, or answered by what was last logged for the same inputs, at
    most `stale_max_seconds` old.
    """

    retention_days: int | None
    retention_policy: Literal["archive", "drop"]
    legal_hold: str | None
    when_unlogged: Literal["refuse", "stale"]
    stale_max_seconds: int
