"""Groups: a champion and its challengers behind one endpoint."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Name, Shape, Slug, Threshold
from schemas.comparison import DecisionMetric
from schemas.group_settings import GroupSettings, LogPolicy

BasisPoints = Annotated[int, msgspec.Meta(ge=0, le=10_000, description="Hundredths of a percent of the traffic.")]


class MemberRole(StrEnum):
    """The role of a version in a group."""

    CHAMPION = "champion"
    CHALLENGER = "challenger"
    SHADOW = "shadow"


Reason = Annotated[str, msgspec.Meta(max_length=1000)]


class MemberSpec(Shape, frozen=True, kw_only=True):
    """A version's role and share in a group. Shadows answer no callers: their share is 0."""

    version_id: UUID
    role: MemberRole
    share: BasisPoints


class BucketRange(Shape, frozen=True, kw_only=True):
    """Buckets from `start` to before `end`, of 10 000."""

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
    preparing: Annotated[
        bool,
        msgspec.Meta(
            description="Some process has not loaded and compiled it yet; that process answers as before. `groups.get` reports it for the current phase."
        ),
    ] = False
    load_error: Annotated[
        str | None,
        msgspec.Meta(description="The reason why some process could not load it. The champion then answers, unless it is a shadow. Reported like `preparing`."),
    ] = None
    meaning: Annotated[str, msgspec.Meta(description="The meaning of its score: `the probability of default`.")] = ""


class Phase(Shape, frozen=True, kw_only=True):
    """A span of one split. Comparisons stay within a phase."""

    number: int
    opened_at: datetime
    opened_by: str
    reason: str
    threshold: float
    routing_key: str
    members: list[Member]


class Halt(Shape, frozen=True, kw_only=True):
    """A halt of the group `slug`, or of a version in every group.

    `requested_by` asked to resume and waits for a second person. `self_approved`: one person did both, because nobody else could.
    """

    id: UUID
    slug: str | None
    version_id: UUID | None
    label: str | None
    model_name: str | None
    reason: str
    at: datetime
    by: str
    requested_at: datetime | None
    requested_by: str | None
    resumed_at: datetime | None
    resumed_by: str | None
    resume_reason: str | None
    self_approved: bool


AcceptRefusals = Annotated[
    bool,
    msgspec.Meta(
        description="Continue although the new champion would refuse some of the last week's requests, which lack features that it requires (`groups.impact`)."
    ),
]


class Group(Shape, frozen=True, kw_only=True):
    """A group's current state. `endpoint` is the address for predictions, `salt` the start of its routing hash.

    A call that changes the group sets `settled`: true once every living process routes by the change, and no process answers past a halt. False when one may
    still act as before: it is slow to load a version, or it has lost PostgreSQL in a group that answers without control. `solo`: one person may resume alone,
    because nobody else may, or the hub runs in solo mode.
    """

    id: UUID
    name: Name
    slug: Slug
    table_name: str
    endpoint: str
    created_at: datetime
    decision_metric: str
    threshold: float
    phase: Phase
    settings: GroupSettings
    halt: Halt | None
    halted_versions: list[Halt]
    log: LogPolicy
    salt: str
    solo: bool = False
    settled: bool | None = None


class CreateGroup(Shape, frozen=True, kw_only=True):
    """A new group. The shares of champion and challengers sum to 10 000."""

    name: Name
    slug: Slug
    members: Annotated[list[MemberSpec], msgspec.Meta(min_length=1, max_length=20)]
    decision_metric: DecisionMetric = "brier"
    threshold: Threshold = 0.5
    settings: GroupSettings = GroupSettings()


class GroupRef(Shape, frozen=True, kw_only=True):
    """A group, by slug."""

    slug: Slug


class SetSplit(Shape, frozen=True, kw_only=True):
    """New roles and shares, based on the phase that the caller read; refused as stale when the phase has changed. `threshold` absent: unchanged."""

    slug: Slug
    phase: int
    members: Annotated[list[MemberSpec], msgspec.Meta(min_length=1, max_length=20)]
    threshold: Threshold | None = None
    reason: str = ""
    accept_refusals: AcceptRefusals = False


class SetRetention(Shape, frozen=True, kw_only=True):
    """How long a group's rows are kept: `days`, or forever without. Whole weeks are removed, once their last day is old enough."""

    slug: Slug
    days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    policy: Literal["archive", "drop"] = "archive"


class SetLegalHold(Shape, frozen=True, kw_only=True):
    """A legal hold on a group's log with this reason, against retention, deletion and erasure; without a reason the hold is lifted."""

    slug: Slug
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)] | None = None


class SetWhenUnlogged(Shape, frozen=True, kw_only=True):
    """The answer when neither Redis nor PostgreSQL takes a prediction."""

    slug: Slug
    when_unlogged: Literal["refuse", "stale"]
    max_age_seconds: Annotated[int, msgspec.Meta(ge=1, le=86_400)] = 900


class ConfigureGroup(Shape, frozen=True, kw_only=True):
    """The complete new settings. Another routing key opens a phase."""

    slug: Slug
    settings: GroupSettings


class HaltGroup(Shape, frozen=True, kw_only=True):
    """Stop all answers of a group."""

    slug: Slug
    reason: Reason = ""


class HaltVersion(Shape, frozen=True, kw_only=True):
    """Stop a version in every group. Its share goes to the champion; a group with this champion answers nobody."""

    version_id: UUID
    reason: Reason = ""


class ResumeGroup(Shape, frozen=True, kw_only=True):
    """Ask to resume a group, or confirm it as a second person."""

    slug: Slug
    reason: Reason = ""


class ResumeVersion(Shape, frozen=True, kw_only=True):
    """Ask to resume a version, or confirm it as a second person."""

    version_id: UUID
    reason: Reason = ""


class ListHalts(Shape, frozen=True, kw_only=True):
    """Halts of the tenant, newest first; with `slug` those of one group."""

    slug: Slug | None = None
    in_force: bool = False


class Rollback(Shape, frozen=True, kw_only=True):
    """Restore the earlier champion with its threshold, based on the phase that the caller read."""

    slug: Slug
    phase: int
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class DeleteGroup(Shape, frozen=True, kw_only=True):
    """Delete a group. `archive` keeps its log as Parquet with a manifest; `delete` drops it after `grace_hours`."""

    slug: Slug
    policy: Literal["archive", "delete"] = "archive"
    grace_hours: Annotated[int, msgspec.Meta(ge=0, le=720)] = 24
    confirm: Annotated[str, msgspec.Meta(description="The slug again, to confirm the deletion.")]


class Deletion(Shape, frozen=True, kw_only=True):
    """A running deletion: its run."""

    slug: Slug
    policy: str
    run_id: UUID
    due_at: datetime
