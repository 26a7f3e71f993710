"""Shapes: exploration, a small share of would-be declines approved by lot, so that their outcomes become known."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec

from schemas.common import Shape, Slug
from schemas.decisions import DecisionName

Amount = Annotated[float, msgspec.Meta(gt=0, le=1e12)]
Reason = Annotated[str, msgspec.Meta(max_length=2_000)]


class ExplorationTerms(Shape, frozen=True, kw_only=True):
    """What may be explored. Applications with a score from `low` to below `high` that the rule would not approve get `decision` with the chance `share`.

    Each of them may lose `loss_each`; together they may lose `loss_budget`, in one currency. So at most `loss_budget / loss_each` are approved by lot, and none
    after `until`.
    """

    low: float
    high: float
    share: Annotated[float, msgspec.Meta(gt=0, le=0.5)]
    loss_budget: Amount
    loss_each: Amount
    until: datetime
    decision: DecisionName = "approve"


class RequestExploration(Shape, frozen=True, kw_only=True):
    """Ask for an exploration. It begins when a second person approves it."""

    slug: Slug
    terms: ExplorationTerms
    reason: Reason = ""


class ExplorationRef(Shape, frozen=True, kw_only=True):
    """An exploration of a group, and why it is approved or stopped."""

    slug: Slug
    exploration_id: UUID
    reason: Reason = ""


class Exploration(Shape, frozen=True, kw_only=True):
    """An exploration: `allowed` approvals by lot, `spent` of them made or reserved.

    `explored` counts logged answers that the lot approved, `known` those with an outcome, and `bad` those with the outcome 1. `self_approved`: nobody else in
    the tenant could approve it.
    """

    id: UUID
    terms: ExplorationTerms
    state: Literal["requested", "active", "spent", "ended", "stopped"]
    allowed: int
    spent: int
    explored: int
    known: int
    bad: int
    requested_at: datetime
    requested_by: str
    reason: str
    approved_at: datetime | None
    approved_by: str | None
    self_approved: bool
    stopped_at: datetime | None
    stopped_by: str | None


class Explorations(Shape, frozen=True, kw_only=True):
    """The explorations of a group, newest first. `alone`: nobody but you may approve in this tenant, so your own approval is enough, and is recorded so."""

    slug: str
    alone: bool
    explorations: list[Exploration]


class RunningExploration(Shape, frozen=True, kw_only=True):
    """What an answering process needs of an active exploration. `approves` are the decisions that are no decline."""

    id: UUID
    low: float
    high: float
    share: float
    decision: str
    approves: list[str]
    until: datetime
