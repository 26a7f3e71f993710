"""Predictions, their log, explanations, outcomes."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec

from schemas.common import Json, PageSize, Shape, Slug

Inputs = dict[str, Any]
"""Feature name to value. Checked against the group's input schema; the pointer of what is wrong is in the error."""


class Context(Shape, frozen=True, kw_only=True):
    """What the decision is for. Tested against the model's intended use."""

    use_case: str | None = None
    region: str | None = None
    product: str | None = None
    mode: Literal["automated", "advisory"] | None = None


Label = Annotated[str, msgspec.Meta(max_length=200)]
IdempotencyKey = Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="For 24 hours the same request with it gets the same inference.")]

Prefer = Annotated[
    str,
    msgspec.Meta(max_length=200, description="The version to answer, by label, number or id: for `inference:version:prefer`. It is left out of comparisons."),
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
    """The same by RPC, with the group's slug."""

    slug: Slug


class Explanation(Shape, frozen=True, kw_only=True):
    """Additive contributions: `base` and the sum of `values` give the model's output in `space`, but for `residual`.

    `exact` false comes with `error`, a standard error of the estimate in the same units.
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
    """What the model said: margin beside probability where it has both."""

    score: float
    margin: float | None = None
    probability: float | None = None


class Prediction(Shape, frozen=True, kw_only=True):
    """One answer; it is on record under `inference_id`. Latency in microseconds.

    A stale one repeats an earlier inference, because nothing could be put on record: `age_seconds` ago, at most `max_age_seconds`. Without an age, it was made
    by a process that had lost touch with PostgreSQL, in a group that wants it so: by the last split that process knew, and perhaps after a halt.
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


class Predictions(Shape, frozen=True, kw_only=True):
    """The answers of a batch, in the order asked."""

    predictions: list[Prediction]


class Inference(Shape, frozen=True, kw_only=True):
    """A row of a group's log, whole."""

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


class BrowseInferences(Shape, frozen=True, kw_only=True):
    """The log, newest first. `search` is an inference id, an entity key or a correlation id, exactly."""

    slug: Slug
    search: str | None = None
    version: str | None = None
    role: str | None = None
    phase: int | None = None
    status: Literal["ok", "refused", "failed", "fallback"] | None = None
    labelled: bool | None = None
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
    """The truth, later. `actual` is 0 or 1 for a binary decision, else the value. Name the inference, or the correlation id it was asked with."""

    actual: float
    inference_id: UUID | None = None
    correlation_id: Label | None = None
    at: datetime | None = None


class RecordOutcomes(Shape, frozen=True, kw_only=True):
    """A batch of outcomes for one group."""

    slug: Slug
    outcomes: Annotated[list[Outcome], msgspec.Meta(min_length=1, max_length=10_000)]


class OutcomesReceipt(Shape, frozen=True, kw_only=True):
    """What happened to a batch: applied now, already known, corrected, or kept until their inference arrives."""

    received: int
    applied: int
    duplicate: int
    corrected: int
    waiting: int


class ListDeadLetters(Shape, frozen=True, kw_only=True):
    """A group's dead letters, oldest first."""

    slug: Slug
    limit: PageSize = 50


class DeadLetter(Shape, frozen=True, kw_only=True):
    """An entry of the intake that could not be stored, and why. `record` is what it holds; `raw` (base64, cut at 4 KiB) where it cannot be read."""

    entry_id: str
    at: datetime
    reason: str
    size_bytes: int
    record: Json
    raw: str | None


class DeadLetters(Shape, frozen=True, kw_only=True):
    """The oldest dead letters of a group, and how many there are in all."""

    total: int
    letters: list[DeadLetter]


class ReplayDeadLetters(Shape, frozen=True, kw_only=True):
    """Put dead letters back into the intake: those named, or all."""

    slug: Slug
    entry_ids: list[str] | None = None


class DiscardDeadLetters(Shape, frozen=True, kw_only=True):
    """Throw dead letters away for good, for a reason that goes to the audit log."""

    slug: Slug
    entry_ids: Annotated[list[str], msgspec.Meta(min_length=1, max_length=1000)]
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class LettersMoved(Shape, frozen=True, kw_only=True):
    """How many dead letters were replayed or discarded."""

    moved: int


class EraseEntity(Shape, frozen=True, kw_only=True):
    """Forget an entity in a group's log. `confirm` is its key once more: this cannot be undone."""

    slug: Slug
    entity_key: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    confirm: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class Erasure(Shape, frozen=True, kw_only=True):
    """What was forgotten. `entity` is a keyed digest of the entity key, as the audit log has it."""

    entity: str
    rows: int
    outcomes: int
    dead_letters: int
    archived_rows: int


class ListOrphans(Shape, frozen=True, kw_only=True):
    """Outcomes whose inference has not come within so many days of their telling."""

    slug: Slug
    older_than_days: Annotated[int, msgspec.Meta(ge=0, le=3650)] = 7
    limit: PageSize = 50


class OrphanOutcome(Shape, frozen=True, kw_only=True):
    """An outcome nobody's."""

    inference_id: UUID | None
    correlation_id: str | None
    actual: float
    at: datetime
    received_at: datetime
    received_by: str


class Orphans(Shape, frozen=True, kw_only=True):
    """The oldest orphans, and how many there are in all."""

    total: int
    outcomes: list[OrphanOutcome]


class ExportLog(Shape, frozen=True, kw_only=True):
    """A page of a group's log in another platform's layout, oldest first; `cursor` is the one that the page before ended with."""

    slug: Slug
    layout: Literal["databricks", "kserve", "sagemaker"]
    after: datetime | None = None
    before: datetime | None = None
    cursor: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=5000)] = 1000


class ExportedLog(Shape, frozen=True, kw_only=True):
    """Lines of JSON: one an inference, two (request and response) for kserve. `next_cursor` is absent on the last page."""

    lines: list[str]
    next_cursor: str | None


class ImportLog(Shape, frozen=True, kw_only=True):
    """Inferences that another platform made, as lines of its layout. kserve's two events of an inference belong in the same call."""

    slug: Slug
    layout: Literal["databricks", "kserve", "sagemaker"]
    lines: Annotated[list[str], msgspec.Meta(min_length=1, max_length=10_000)]


class LineRefused(Shape, frozen=True, kw_only=True):
    """A line that was not imported (from 0; -1 where it is the inference that cannot be), and why."""

    line: int
    reason: str


class ImportedLog(Shape, frozen=True, kw_only=True):
    """What became of the lines: new rows, inferences that were there already, and the first hundred refused."""

    rows: int
    known: int
    refused: list[LineRefused]
    refused_total: int


class ShadowTraffic(Shape, frozen=True, kw_only=True):
    """What became of the copies for shadows: scored or failed, on record either way; dropped because too many waited; incomplete inputs."""

    scored: int
    failed: int
    dropped: int
    incomplete: int


class GroupTraffic(Shape, frozen=True, kw_only=True):
    """What the endpoint has answered: totals, and a count for each of the last 60 minutes by version, whose `labels` are by id.

    Shadows' copies are counted apart.
    """

    total: int
    labelled: int
    refused: int
    waiting_explanation: int
    stale_answers: int
    shadows: ShadowTraffic
    labels: dict[str, str]
    minutes: list["TrafficMinute"]


class TrafficMinute(Shape, frozen=True, kw_only=True):
    """Predictions of one minute, by version id."""

    at: datetime
    counts: dict[str, int]
