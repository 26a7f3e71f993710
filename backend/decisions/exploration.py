"""Exploration: a small share of would-be declines is approved by lot, within a loss budget, so that their outcomes become known."""

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import msgspec

from backend.actor import Actor
from backend.db.locks import lock
from backend.decisions import actions, repository
from backend.decisions.decision_rule import names_of
from backend.decisions.errors import ExplorationNotFound, ExplorationNotRequested, ExplorationOpen, InvalidExploration, SecondApproverNeeded
from backend.decisions.service import facts_of, members_of
from backend.decisions.tables import ExplorationRow
from backend.decisions.value import most_lost
from backend.groups import service as groups
from backend.groups.events import GROUP_CHANGED
from backend.groups.gate import ask_gate
from backend.groups.phases import solo
from backend.hub import Hub
from backend.ids import first_id_at, new_id
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.catalog import Version
from schemas.common import Issue
from schemas.decisions import DecisionBand, DecisionRule, DecisionSettings
from schemas.exploration import Exploration, ExplorationRef, Explorations, ExplorationTerms, RequestExploration, RunningExploration
from schemas.groups import Group, GroupRef, MemberRole

MOST_APPROVALS = 1_000_000
STARTS_EVERYWHERE = timedelta(seconds=2)
"""After this time every process explores."""


class ExploredSpan(NamedTuple):
    """When an exploration ran, its band of scores, and the decisions that approve."""

    first: datetime
    until: datetime
    low: float
    high: float
    approves: Sequence[str]


async def list_explorations(work: UnitOfWork, input: GroupRef) -> Explorations:
    """Return the explorations of a group. Raises GroupNotFound."""
    group = await groups.get(work, input)
    rows = await repository.explorations(work.session, work.tenant_id, group.id)
    return Explorations(slug=group.slug, alone=await solo(work), explorations=[await _shape(work, group, row) for row in rows])


async def request(work: UnitOfWork, input: RequestExploration) -> Exploration:
    """Ask for an exploration. Raises GroupNotFound, InvalidExploration, ExplorationOpen."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    await lock(work.session, f"exploration:{group.id}")  # of two requests at once, the second finds the first
    await _check(work, group, input.terms)
    rows = await repository.explorations(work.session, work.tenant_id, group.id)
    if any(_state(row, work.now) in ("requested", "active") for row in rows):
        raise ExplorationOpen
    row = ExplorationRow(id=new_id(), tenant_id=work.tenant_id, group_id=group.id, terms=plain(input.terms), reason=input.reason, spent=0, self_approved=False)
    row.allowed = allowed(input.terms)
    row.requested_at, row.requested_by, row.requested_by_id = work.now, work.actor.name, work.actor.person_id
    work.session.add(row)
    await work.session.flush()
    work.audit(actions.DECISIONS_REQUEST_EXPLORATION, f"group:{group.slug}", after={"id": str(row.id), "terms": input.terms, "reason": input.reason})
    work.live(GROUP_CHANGED, group.slug)
    return await _shape(work, group, row)


async def approve(work: UnitOfWork, input: ExplorationRef) -> Exploration:
    """Begin a requested exploration, as a second person. Raises GroupNotFound, ExplorationNotFound, ExplorationNotRequested, SecondApproverNeeded,
    InvalidExploration when the terms fit no longer, and GateNotMet.
    """
    group, row = await _locked(work, input)
    if _state(row, work.now) != "requested":
        raise ExplorationNotRequested
    alone = row.requested_by_id == work.actor.person_id
    if alone and not await solo(work):
        raise SecondApproverNeeded
    terms = _terms(row)
    settings = await _check(work, group, terms)
    await ask_gate(work, "exploration", group.id, [one.version_id for one in group.phase.members if one.role is not MemberRole.SHADOW])
    row.approved_at, row.approved_by, row.self_approved = work.now, work.actor.name, alone
    running = RunningExploration(
        id=row.id, low=terms.low, high=terms.high, share=terms.share, decision=terms.decision, approves=settings.approves, until=terms.until
    )
    await groups.set_exploration(work, group.slug, running)
    after = {"id": str(row.id), "terms": terms, "reason": input.reason, "self_approved": alone}
    work.audit(actions.DECISIONS_APPROVE_EXPLORATION, f"group:{group.slug}", before={"requested_by": row.requested_by}, after=after)
    work.live(GROUP_CHANGED, group.slug)
    return await _shape(work, group, row)


async def stop(work: UnitOfWork, input: ExplorationRef) -> Exploration:
    """Stop an exploration in every process, or withdraw its request. Raises GroupNotFound, ExplorationNotFound, ExplorationNotRequested."""
    group, row = await _locked(work, input)
    if _state(row, work.now) not in ("requested", "active"):
        raise ExplorationNotRequested
    row.stopped_at, row.stopped_by = work.now, work.actor.name
    if row.approved_at is not None:
        await groups.set_exploration(work, group.slug, None)
    work.audit(actions.DECISIONS_STOP_EXPLORATION, f"group:{group.slug}", after={"id": str(row.id), "spent": row.spent, "reason": input.reason})
    work.live(GROUP_CHANGED, group.slug)
    return await _shape(work, group, row)


async def reserve(hub: Hub, actor: Actor, slug: str, running: RunningExploration, wanted: int) -> int:
    """Take places of the budget for answers of the lot, and return how many there were. The last place ends the exploration in every process."""
    async with hub.work(actor) as work:
        taken = await repository.reserve(work.session, work.tenant_id, running.id, wanted)
        if taken is not None and taken.used_up:
            await groups.set_exploration(work, slug, None)
            work.audit(actions.DECISIONS_SPEND_EXPLORATION, f"group:{slug}", after={"id": str(running.id), "spent": taken.spent})
        return int(taken.granted) if taken else 0


async def explored_span(work: UnitOfWork, group: Group) -> ExploredSpan | None:
    """Return when and where the latest exploration ran; None when none ever began."""
    rows = await repository.explorations(work.session, work.tenant_id, group.id)
    row = next((one for one in rows if one.approved_at is not None), None)
    if row is None or row.approved_at is None:
        return None
    terms = _terms(row)
    return ExploredSpan(row.approved_at + STARTS_EVERYWHERE, _end(row, work.now), terms.low, terms.high, (await facts_of(work, group.id)).settings.approves)


def allowed(terms: ExplorationTerms) -> int:
    """Return how many approvals the loss budget pays for.

    >>> from datetime import UTC
    >>> allowed(ExplorationTerms(low=0.2, high=0.3, share=0.02, loss_budget=1_000, loss_each=300, until=datetime(2027, 1, 1, tzinfo=UTC)))
    3
    """
    return math.floor(min(terms.loss_budget / terms.loss_each, MOST_APPROVALS))


def terms_issues(terms: ExplorationTerms, rule: DecisionRule | None, settings: DecisionSettings, now: datetime) -> list[Issue]:
    """Return what is wrong with the terms of an exploration for a champion with this rule."""
    issues = []
    if not (math.isfinite(terms.low) and math.isfinite(terms.high) and terms.low < terms.high):
        issues.append(Issue(pointer="/terms/low", message="the band is from a lower to a higher finite score"))
    if not all(map(math.isfinite, (terms.share, terms.loss_budget, terms.loss_each))) or allowed(terms) < 1:
        issues.append(Issue(pointer="/terms/loss_budget", message="the budget pays for no approval; it is at least one time `loss_each`"))
    if terms.until.tzinfo is None or terms.until <= now:
        issues.append(Issue(pointer="/terms/until", message="the end is a moment in the future, with its zone"))
    if terms.decision not in settings.approves:
        issues.append(
            Issue(pointer="/terms/decision", message=f"{terms.decision!r} is no approval; approvals are {', '.join(settings.approves) or 'not stated'}")
        )
    if rule is None:
        return [*issues, Issue(pointer="/slug", message="the champion has no decision rule, so nothing is declined")]
    if terms.decision not in names_of(rule):
        issues.append(Issue(pointer="/terms/decision", message=f"the champion's rule gives no {terms.decision!r}; it gives {', '.join(names_of(rule))}"))
    if not issues and any(_approved(bands, terms, settings) for bands in (rule.bands, *rule.segment_bands.values())):
        issues.append(Issue(pointer="/terms/low", message="a part of the band is approved by the champion's rule; take scores that it declines"))
    return issues


def _approved(bands: Sequence[DecisionBand], terms: ExplorationTerms, settings: DecisionSettings) -> bool:
    """Return whether a part of the band is approved."""
    start = -math.inf
    for band in bands:
        end = math.inf if band.below is None else band.below
        if band.decision in settings.approves and start < terms.high and end > terms.low:
            return True
        start = end
    return False


async def _check(work: UnitOfWork, group: Group, terms: ExplorationTerms) -> DecisionSettings:
    """Return the group's settings, if the terms fit them. Raises InvalidExploration."""
    facts = await facts_of(work, group.id)
    issues = terms_issues(terms, await _champions_rule(work, group), facts.settings, work.now)
    if facts.value_table is not None and (most := most_lost(facts.value_table, terms.decision)) > terms.loss_each:
        words = f"the value table lets one {terms.decision!r} lose {most:g} {facts.value_table.currency}; state at least that, so that the budget holds"
        issues.append(Issue(pointer="/terms/loss_each", message=words))
    if issues:
        raise InvalidExploration(issues=issues)
    return facts.settings


async def _champions_rule(work: UnitOfWork, group: Group) -> DecisionRule | None:
    champion = next(one.version_id for one in group.phase.members if one.role is MemberRole.CHAMPION)
    found: Version = next(one for one in await members_of(work, group) if one.id == champion)
    return found.decision_rule.rule if found.decision_rule else None


async def _locked(work: UnitOfWork, input: ExplorationRef) -> tuple[Group, ExplorationRow]:
    group = await groups.get(work, GroupRef(slug=input.slug))
    row = await repository.exploration(work.session, work.tenant_id, group.id, input.exploration_id)
    if row is None:
        raise ExplorationNotFound
    return group, row


def _terms(row: ExplorationRow) -> ExplorationTerms:
    return msgspec.convert(row.terms, ExplorationTerms)


def _end(row: ExplorationRow, now: datetime) -> datetime:
    """Return when it ended; now, while it runs."""
    return min(row.stopped_at or now, _terms(row).until, now)


def _state(row: ExplorationRow, now: datetime) -> str:
    if row.spent >= row.allowed:
        return "spent"
    if row.stopped_at is not None:
        return "stopped"
    if _terms(row).until <= now:
        return "ended"
    return "requested" if row.approved_at is None else "active"


async def _shape(work: UnitOfWork, group: Group, row: ExplorationRow) -> Exploration:
    counts = None
    if row.approved_at is not None:
        counts = await repository.explored(work.session, group.table_name, first_id_at(row.approved_at), first_id_at(_end(row, work.now)))
    return Exploration(
        id=row.id,
        terms=_terms(row),
        state=_state(row, work.now),  # type: ignore[arg-type]  # one of the names above
        allowed=row.allowed,
        spent=row.spent,
        explored=counts.explored if counts else 0,
        known=counts.known if counts else 0,
        bad=counts.bad if counts else 0,
        requested_at=row.requested_at,
        requested_by=row.requested_by,
        reason=row.reason,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        self_approved=row.self_approved,
        stopped_at=row.stopped_at,
        stopped_by=row.stopped_by,
    )
