"""Settings of a group's answers and of its log."""

from typing import Annotated, Literal

import msgspec

from schemas.common import Fraction, Shape
from schemas.comparison import MaturityHours

RoutingKey = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(entity_key|correlation_id|inference_id|segments\..{1,100})$(?!\n)",
        description="The routing key: `entity_key`, `correlation_id`, a segment (`segments.branch`), or each request by itself (`inference_id`).",
    ),
]

OnControlLoss = Annotated[
    Literal["refuse", "stale"],
    msgspec.Meta(
        description="What a process does after losing PostgreSQL for 600 ms. `refuse`: it answers nobody until PostgreSQL is back. "
        "`stale`: it continues with the last known split and marks its answers, but a halt cannot reach it."
    ),
]

TimeBudget = Annotated[int, msgspec.Meta(ge=1, le=60_000, description="Milliseconds that a challenger may take; then the champion answers.")]

PositiveScores = Annotated[
    Literal["higher", "lower"],
    msgspec.Meta(description="The scores of the positive class: those at or above the threshold, or (`lower`, as with credit points) those at or below."),
]

UnknownInputs = Annotated[
    Literal["refuse", "ignore"],
    msgspec.Meta(
        description="What happens to an input that no version of the group takes: the request is refused with its name, or the input is ignored (it stays in "
        "the log), so that callers can send a feature before its challenger joins."
    ),
]

UnknownCategories = Annotated[
    Literal["refuse", "missing"],
    msgspec.Meta(description="What happens to a value outside the artifact's categories: the request is refused by name, or the model takes it as missing."),
]


Reveals = Annotated[
    list[Annotated[str, msgspec.Meta(min_length=1, max_length=60)]],
    msgspec.Meta(
        min_length=1,
        max_length=20,
        description="The decisions with outcomes, such as `approve`, when others leave the outcome unknown forever. Absent: not stated. "
        "Figures on outcomes then cover only those, and are not compared between versions.",
    ),
]


class GroupSettings(Shape, frozen=True, kw_only=True):
    """Settings of a group: its answers, its comparison, and the conditions for a promotion.

    With `require_verdict` the always-valid verdict must be for the promoted version. `min_matured_share` of the phase's predictions must have their outcome.
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
    """Rules for a group's log.

    Rows older than `retention_days` are removed week by week (absent: none are), after archiving if `retention_policy` says so. Nothing is removed while a
    `legal_hold` (its reason) is set. When nothing can be logged, a call is refused, or answered with the last logged answer for the same inputs, at most
    `stale_max_seconds` old.
    """

    retention_days: int | None
    retention_policy: Literal["archive", "drop"]
    legal_hold: str | None
    when_unlogged: Literal["refuse", "stale"]
    stale_max_seconds: int
