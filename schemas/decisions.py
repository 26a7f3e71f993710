"""Decisions: rules that turn scores into decisions, what was finally done, and what each decision is worth."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Fraction, Interval, Name, Shape, Slug
from schemas.inference import Label

DecisionName = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z][a-z0-9_]{0,39}$(?!\n)", description="`approve`, `refer`, `decline`, or the group's own name in lower case.")
]
ScoreKind = Annotated[
    Literal["score", "probability", "points"],
    msgspec.Meta(description="The scale of the bands. `probability` and `points` require such scores, and the version is checked for it."),
]
Money = Annotated[float, msgspec.Meta(ge=-1e12, le=1e12)]


class DecisionBand(Shape, frozen=True, kw_only=True):
    """Scores below `below`, and not below the band before, get this decision. The last band has no bound."""

    decision: DecisionName
    below: float | None = None


Bands = Annotated[list[DecisionBand], msgspec.Meta(min_length=1, max_length=20)]


class DecisionRule(Shape, frozen=True, kw_only=True):
    """Ordered bands that turn a score into a decision.

    `segment_by` names a declared input. Its values listed in `segment_bands` have bands of their own; all other values, and a missing one, go by `bands`.
    """

    on: ScoreKind = "score"
    bands: Bands
    segment_by: Name | None = None
    segment_bands: Annotated[dict[str, Bands], msgspec.Meta(max_length=200)] = {}


class VersionRule(Shape, frozen=True, kw_only=True):
    """A rule as part of a model's version. `version` is the label of the version that brought it: later versions may carry it on."""

    rule: DecisionRule
    version: str


class SetDecisionRule(Shape, frozen=True, kw_only=True):
    """A rule for a version's artifact; null takes the rule away. The answer is a new version: the old one keeps what it has."""

    version_id: UUID
    rule: DecisionRule | None


class TryRule(Shape, frozen=True, kw_only=True):
    """Try a rule on rows of a group's log. `version` is the label of a version that is logged there; absent: the champion's."""

    slug: Slug
    rule: DecisionRule
    version: str | None = None
    most: Annotated[int, msgspec.Meta(ge=1, le=200_000, description="The latest rows to try it on.")] = 50_000


class BandCount(Shape, frozen=True, kw_only=True):
    """Rows with a decision: as logged, and by the rule that is tried."""

    decision: str
    before: int
    after: int


class DecisionMove(Shape, frozen=True, kw_only=True):
    """Rows that one decision would lose to another. `before` is null for rows without a decision."""

    before: str | None
    after: str | None
    rows: int


class SegmentTrial(Shape, frozen=True, kw_only=True):
    """The same counts for the rows of one value of the rule's segment; `other` values have none of their own bands."""

    value: str
    rows: int
    counts: list[BandCount]


class TrialBin(Shape, frozen=True, kw_only=True):
    """Rows with a score from `low` to `high`."""

    low: float
    high: float
    rows: int


class RuleTrial(Shape, frozen=True, kw_only=True):
    """What a rule would have decided on logged rows. `change` is the version number that it would be kept under."""

    version: str
    rows: int
    without_score: int
    moved: int
    share_moved: Fraction
    change: Literal["patch", "minor"]
    counts: list[BandCount]
    moves: list[DecisionMove]
    segments: list[SegmentTrial]
    scores: list[TrialBin]


class FinalDecision(Shape, frozen=True, kw_only=True):
    """What was finally done about an application, whatever was recommended. Name the inference, or the correlation id it was asked with.

    `by` is a person's name or a policy's, `group` the team or branch of the person, `reason` a code of the group's own.
    """

    decision: DecisionName
    by: Label
    kind: Literal["person", "policy"] = "person"
    group: Label | None = None
    reason: Label | None = None
    at: datetime | None = None
    inference_id: UUID | None = None
    correlation_id: Label | None = None


class RecordDecisions(Shape, frozen=True, kw_only=True):
    """A batch of final decisions for one group."""

    slug: Slug
    decisions: Annotated[list[FinalDecision], msgspec.Meta(min_length=1, max_length=10_000)]


class DecisionsReceipt(Shape, frozen=True, kw_only=True):
    """What happened to a batch: applied now, already known, revised, or kept until their inference arrives.

    `overrides` counts those among the applied and revised that differ from what was recommended.
    """

    received: int
    applied: int
    duplicate: int
    revised: int
    waiting: int
    repeats: int = 0
    overrides: int = 0


class DecisionSettings(Shape, frozen=True, kw_only=True):
    """What a group says of its decisions.

    `approves` are those that count as an approval. Approval rate, bad rate and value follow the decisions of `compare_by`; by `final`, an application without a
    final decision counts by its recommended one. `verdict_on`: comparisons name a leader on the group's metric, or on value per application. Which decisions
    reveal an outcome is stated in the group's settings (`reveals`).
    """

    approves: Annotated[list[DecisionName], msgspec.Meta(max_length=20)] = msgspec.field(default_factory=lambda: ["approve"])
    compare_by: Literal["recommended", "final"] = "recommended"
    verdict_on: Literal["metric", "value"] = "metric"


class ConfigureDecisions(Shape, frozen=True, kw_only=True):
    """New settings for a group's decisions."""

    slug: Slug
    settings: DecisionSettings


class Worth(Shape, frozen=True, kw_only=True):
    """An amount: `constant`, or the value of the input `column` times `factor`. Exactly one of the two."""

    constant: Money | None = None
    column: Name | None = None
    factor: Money | None = None


class ValueEntry(Shape, frozen=True, kw_only=True):
    """What a decision is worth where the outcome is 1 (`bad`) or 0 (`good`), or whatever it is (`any`)."""

    decision: DecisionName
    outcome: Literal["any", "good", "bad"]
    worth: Worth


class ValueTable(Shape, frozen=True, kw_only=True):
    """What decisions and their outcomes are worth, in one currency. Each value is cut at `lowest` and `highest`."""

    currency: Annotated[str, msgspec.Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217: `EUR`.")]
    entries: Annotated[list[ValueEntry], msgspec.Meta(min_length=1, max_length=60)]
    lowest: Money
    highest: Money


class SetValueTable(Shape, frozen=True, kw_only=True):
    """A group's value table; null takes it away."""

    slug: Slug
    table: ValueTable | None


class MemberRule(Shape, frozen=True, kw_only=True):
    """The rule that a member of the current phase decides by."""

    version_id: UUID
    version: str
    role: str
    rule: VersionRule | None


class GroupDecisions(Shape, frozen=True, kw_only=True):
    """A group's decisions: settings, value table, and the rules in force.

    `can_decide` says whether value per application can be the group's decision metric; else `reason` says why not. `decisions` are all names in use.
    """

    slug: Slug
    settings: DecisionSettings
    value_table: ValueTable | None
    can_decide: bool
    reason: str | None
    decisions: list[str]
    rules: list[MemberRule]


class AskOverrides(Shape, frozen=True, kw_only=True):
    """Override figures of a group, of inferences asked in a span of time; without one, of the last 90 days. `segment` is a name in requests' segments."""

    slug: Slug
    after: datetime | None = None
    before: datetime | None = None
    phase: Annotated[int, msgspec.Meta(ge=0, le=2**31 - 1)] | None = None
    segment: Label | None = None


class OverrideRate(Shape, frozen=True, kw_only=True):
    """Of `told` final decisions `overridden` differ from the recommended one; `interval` is Wilson's for the rate. Without any, both are null."""

    name: str | None
    told: int
    overridden: int
    rate: Fraction | None
    interval: Interval | None


class OverrideDirection(Shape, frozen=True, kw_only=True):
    """Final decisions that replaced `recommended` by `final`: `overridden` of the `told` that `version` had recommended so."""

    version: str
    recommended: str
    final: str
    told: int
    overridden: int
    rate: Fraction | None
    interval: Interval | None


class Overrides(Shape, frozen=True, kw_only=True):
    """How often final decisions differ from the recommended ones: in all, and by version, direction, segment, group of persons, kind and reason code.

    `recommended` counts answers that carried a decision; `told` of `total` those of them with a final one.
    """

    recommended: int
    total: OverrideRate
    by_version: list[OverrideRate]
    by_direction: list[OverrideDirection]
    by_segment: list[OverrideRate]
    by_person_group: list[OverrideRate]
    by_kind: list[OverrideRate]
    by_reason: list[OverrideRate]
