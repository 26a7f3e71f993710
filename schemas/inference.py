"""Predictions, their log, explanations, outcomes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from schemas.common import Issue, Json, PageSize, Shape, Slug

Inputs = dict[str, Any]
"""From feature names to values. Checked against the group's input schema; the error points to a wrong value."""


class Context(Shape, frozen=True, kw_only=True):
    """The purpose of the decision, tested against the model's intended use."""

    use_case: str | None = None
    region: str | None = None
    product: str | None = None
    mode: Literal["automated", "advisory"] | None = None


Label = Annotated[str, msgspec.Meta(max_length=200)]
IdempotencyKey = Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="For 24 hours the same request with this key gets the same inference.")]

Prefer = Annotated[
    str,
    msgspec.Meta(max_length=200, description="The version that must answer, by label, number or id: for `inference:version:prefer`. Comparisons leave it out."),
]


class PredictBody(Shape, frozen=True, kw_only=True):
    """The body of `POST /v1/groups/{slug}/predict`. One inputs object is one prediction; a list is a batch."""

    inputs: Inputs | list[Inputs]
    entity_key: Label | None = None
    context: Context | None = None
    segments: dict[str, str] = {}
    correlation_id: Label | None = None
    explain: bool = False
    prefer: Prefer | None = None
    idempotency_key: IdempotencyKey | None = None


class Predict(PredictBody, frozen=True, kw_only=True):
    """A prediction by RPC, with the group's slug."""

    slug: Slug


class Explanation(Shape, frozen=True, kw_only=True):
    """Additive contributions: `base` and the sum of `values` give the model's output in `space`, except for `residual`.

    When `exact` is false, `error` is a standard error of the estimate in the same units.
    """

    method: str
    exact: bool
    space: Literal["margin", "probability", "value"]
    base: float
    values: dict[str, float]
    residual: float
    background: str | None = None
    error: float | None = None
    reason: str | None = None


class Output(Shape, frozen=True, kw_only=True):
    """The model's output: the probability, and the margin if it has one.

    `probability` is of the version's positive class: `meaning` in the group's member, and in the version's artifact, names it.
    """

    score: float
    margin: float | None = None
    probability: float | None = None


class Prediction(Shape, frozen=True, kw_only=True):
    """One answer, logged under `inference_id`. Latency in microseconds.

    A stale answer repeats an earlier inference, because nothing could be logged: `age_seconds` ago, at most `max_age_seconds`. Without an age, a process that
    had lost PostgreSQL gave it, in a group that allows this. It used the last split it knew, perhaps after a halt.

    `decision` is the result of the version's rule for the score; `decision_rule` is the version that brought the rule. Both are null without a rule. With
    `explored`, the rule would have declined, and the lot of the group's exploration approved.
    """

    inference_id: UUID
    version: str
    role: str
    phase: int
    score: float
    label: str | None
    output: Output
    explanation: Explanation | None
    stale: bool
    latency_us: int
    age_seconds: float | None = None
    max_age_seconds: int | None = None
    decision: str | None = None
    decision_rule: str | None = None
    explored: bool = False


class Predictions(Shape, frozen=True, kw_only=True):
    """The answers of a batch, in its order."""

    predictions: list[Prediction]


class Inference(Shape, frozen=True, kw_only=True):
    """A complete row of a group's log.

    `decision` was recommended by the rule of version `decision_rule`. `final_decision` is the final one; `final_details` has its author and reason.
    """

    inference_id: UUID
    requested_at: datetime
    model_version_id: UUID
    version: str
    role: str
    phase: int
    bucket: int
    propensity: float
    entity_key: str | None
    correlation_id: str | None
    caller: str
    inputs: Inputs
    context: Json
    segments: Json
    output: Json
    score: float | None
    label: str | None
    explanation: Explanation | None
    explained_at: datetime | None
    latency_us: int | None
    stale: bool
    status: str
    error: str | None
    actual: float | None
    actual_at: datetime | None
    actual_history: Json
    erased_at: datetime | None
    imported_from: str | None
    decision: str | None = None
    decision_rule: str | None = None
    lot: float | None = None
    lot_propensity: float | None = None
    final_decision: str | None = None
    final_details: Json = None


class InferenceSummary(Shape, frozen=True, kw_only=True):
    """A row of a group's log, as listed."""

    inference_id: UUID
    requested_at: datetime
    version: str
    role: str
    phase: int
    entity_key: str | None
    score: float | None
    label: str | None
    status: str
    explained: bool
    actual: float | None
    latency_us: int | None
    decision: str | None = None
    final_decision: str | None = None


class BrowseInferences(Shape, frozen=True, kw_only=True):
    """The log, newest first. `search` is an exact inference id, entity key or correlation id."""

    slug: Slug
    search: str | None = None
    version: str | None = None
    role: str | None = None
    phase: int | None = None
    status: Literal["ok", "refused", "failed", "fallback"] | None = None
    labelled: bool | None = None
    decision: str | None = None
    min_score: float | None = None
    max_score: float | None = None
    after: datetime | None = None
    before: datetime | None = None
    cursor: str | None = None
    limit: PageSize = 50


class InferenceRef(Shape, frozen=True, kw_only=True):
    """One inference of a group."""

    slug: Slug
    inference_id: UUID


class Outcome(Shape, frozen=True, kw_only=True):
    """A later outcome. Name the inference, or the correlation id of its request.

    `actual` is 0 or 1 (false or true) if the answer was a probability, else the value, with a magnitude of at most 10^12.
    """

    actual: float | bool
    inference_id: UUID | None = None
    correlation_id: Label | None = None
    at: datetime | None = None


class RecordOutcomes(Shape, frozen=True, kw_only=True):
    """A batch of outcomes for one group."""

    slug: Slug
    outcomes: Annotated[list[Outcome], msgspec.Meta(min_length=1, max_length=10_000)]


class OutcomesReceipt(Shape, frozen=True, kw_only=True):
    """The results of a batch: applied now, already known, corrected, or kept until their inference arrives.

    `repeats` counts inferences that repeat an earlier one of the same entity and correlation id, as a retry without Idempotency-Key does. One case has one
    outcome, so they get none.
    """

    received: int
    applied: int
    duplicate: int
    corrected: int
    waiting: int
    repeats: int = 0


class ShadowTraffic(Shape, frozen=True, kw_only=True):
    """Results of the copies for shadows: logged as scored or failed; dropped because too many waited; incomplete inputs."""

    scored: int
    failed: int
    dropped: int
    incomplete: int


class Refusal(Shape, frozen=True, kw_only=True):
    """A refused call: its time, the token's or person's name, and the error's `reason`."""

    at: datetime
    caller: str
    reason: str
    issues: list[Issue]


class Starved(Shape, frozen=True, kw_only=True):
    """Requests of the current phase in a challenger's share that lacked inputs it needs: the champion answered them.

    `version` is the challenger's label, `lacks` the missing inputs, the most frequent first, at most 20.
    """

    version: str
    requests: int
    lacks: list[str]


class IgnoredInput(Shape, frozen=True, kw_only=True):
    """An input that no version of the group takes, and its count among the latest 1,000 requests."""

    name: str
    requests: int


class GroupTraffic(Shape, frozen=True, kw_only=True):
    """The endpoint's answers: totals, and a count for each of the last 60 minutes by version (`labels` by id).

    Shadows' copies are counted separately. `refusals` are the latest refused calls, newest first. `refused_by_reason` counts them by the error's reason, so
    that halts differ from malformed requests. `starved` names each challenger that requests could not reach, `ignored` the inputs that no version takes, if the
    group ignores them.
    """

    total: int
    labelled: int
    refused: int
    refusals: list[Refusal]
    refused_by_reason: dict[str, int]
    starved: list[Starved]
    ignored: list[IgnoredInput] = []
    waiting_explanation: int
    stale_answers: int
    shadows: ShadowTraffic
    labels: dict[str, str]
    minutes: list["TrafficMinute"]


class TrafficMinute(Shape, frozen=True, kw_only=True):
    """Predictions of one minute, by version id."""

    at: datetime
    counts: dict[str, int]
