"""Ramps raise a challenger's share in steps: start, pause, resume, cancel, read."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from backend.catalog.rules import label
from backend.groups import service as groups
from backend.groups import transitions
from backend.groups.errors import InvalidRamp, NoRamp, RampUnderWay, StalePhase
from backend.groups.events import GROUP_CHANGED
from backend.groups.gate import answering, ask_gate
from backend.groups.phases import check_members, specs_of
from backend.ids import new_id
from backend.promotion import actions, repository
from backend.promotion.ramp_rules import members_at, percent, plan_problems
from backend.promotion.tables import RampDecisionRow, RampRow
from backend.work.audit_chain import plain
from backend.work.unit import UnitOfWork
from schemas.common import Shape
from schemas.groups import Group, GroupRef
from schemas.ramps import Guardrails, Ramp, RampDecision, RampFigures, RampRef, RampState, RampStep, StartRamp


class RampPlan(Shape, frozen=True, kw_only=True):
    """A ramp's stored parameters."""

    steps: list[RampStep]
    guardrails: Guardrails


async def start(work: UnitOfWork, input: StartRamp) -> Ramp:
    """Start a ramp with its first step. Raises GroupNotFound, StalePhase, RampUnderWay, InvalidRamp, InvalidSplit, VersionNotReady, GateNotMet."""
    group = await transitions.lock(work, input.slug)
    if group.phase.number != input.phase:
        raise StalePhase(phase=group.phase.number)
    if await repository.open_ramp(work.session, work.tenant_id, group.id):
        raise RampUnderWay
    if issues := plan_problems(input.steps, specs_of(group), input.version_id):
        raise InvalidRamp(issues=issues)
    members = members_at(specs_of(group), input.version_id, input.steps[0].share)
    await check_members(work, members)
    await ask_gate(work, "ramp", group.id, answering(members))
    row = RampRow(
        id=new_id(),
        tenant_id=work.tenant_id,
        group_id=group.id,
        version_id=input.version_id,
        state=RampState.RUNNING,
        plan=plain(RampPlan(steps=input.steps, guardrails=input.guardrails)),
        step=0,
        phase=group.phase.number,
        step_at=work.now,
        started_at=work.now,
        started_by=work.actor.name,
        words="",
    )
    work.session.add(row)
    await work.session.flush()
    await move(work, group, row, input.steps[0].share, f"ramp, step 1 of {len(input.steps)}: {percent(input.steps[0].share)}")
    await decide(work, group, row, "start", input.reason or "started")
    return await _one(work, group, row)


async def pause(work: UnitOfWork, input: RampRef) -> Ramp:
    """Hold the step until somebody resumes; it neither advances nor rolls back by itself. Raises GroupNotFound, NoRamp."""
    group, row = await _open(work, input)
    if row.state == RampState.RUNNING:
        row.state = RampState.PAUSED
        await decide(work, group, row, "pause", input.reason or "paused")
    else:
        _asked_again(work, group, row, "pause")
    return await _one(work, group, row)


async def resume(work: UnitOfWork, input: RampRef) -> Ramp:
    """Continue; the step's time begins anew. Raises GroupNotFound, NoRamp, GateNotMet."""
    group, row = await _open(work, input)
    if row.state == RampState.PAUSED:
        await ask_gate(work, "ramp", group.id, [row.version_id])
        row.state, row.step_at = RampState.RUNNING, work.now
        await decide(work, group, row, "resume", input.reason or "resumed")
    else:
        _asked_again(work, group, row, "resume")
    return await _one(work, group, row)


async def cancel(work: UnitOfWork, input: RampRef) -> Ramp:
    """End the ramp; the split stays as it is. Raises GroupNotFound, NoRamp."""
    group, row = await _open(work, input)
    await end(work, group, row, RampState.CANCELLED, "cancel", input.reason or "cancelled")
    return await _one(work, group, row)


async def ramps(work: UnitOfWork, input: GroupRef) -> list[Ramp]:
    """Return a group's ramps with every decision, newest first. Raises GroupNotFound."""
    group = await groups.get(work, input)
    rows = await repository.ramps(work.session, work.tenant_id, group.id)
    decisions = await repository.decisions(work.session, work.tenant_id, [row.id for row in rows])
    return [_ramp(row, [one for one in decisions if one.ramp_id == row.id]) for row in rows]


async def rolled_back(work: UnitOfWork) -> list[tuple[str, str, str]]:
    """Return groups where a ramp rolled back and nobody has changed the split since: slug, the challenger's label, the reason."""
    return [(row.slug, label(row.version), row.words) for row in await repository.rolled_back(work.session, work.tenant_id)]


def plan_of(row: RampRow) -> RampPlan:
    """Return the ramp's steps and guardrails."""
    return msgspec.convert(row.plan, RampPlan)


async def move(work: UnitOfWork, group: Group, row: RampRow, share: int, reason: str) -> None:
    """Open the phase in which the challenger has this share."""
    after = await transitions.next_phase(work, group, members_at(specs_of(group), row.version_id, share), reason)
    row.phase, row.step_at = after.phase.number, work.now


async def decide(work: UnitOfWork, group: Group, row: RampRow, decision: str, words: str, figures: RampFigures | None = None) -> None:
    """Record a decision in the ramp and in the audit log."""
    row.words = words
    number = len(await repository.decisions(work.session, work.tenant_id, [row.id])) + 1
    made = RampDecisionRow(ramp_id=row.id, number=number, tenant_id=work.tenant_id, at=work.now, by=work.actor.name, step=row.step, decision=decision)
    made.words, made.figures = words, plain(figures) if figures else None
    work.session.add(made)
    await work.session.flush()
    what = {"step": row.step, "phase": row.phase, "words": words, "figures": plain(figures) if figures else None}
    work.audit(actions.RAMP_DECISIONS[decision], f"group:{group.slug}", after=what)
    work.live(GROUP_CHANGED, group.slug)


def _asked_again(work: UnitOfWork, group: Group, row: RampRow, wish: str) -> None:
    """Record the repeated request; nothing else changes."""
    work.audit(actions.RAMP_DECISIONS[wish], f"group:{group.slug}", after={"state": row.state, "step": row.step, "phase": row.phase})


async def end(work: UnitOfWork, group: Group, row: RampRow, state: RampState, decision: str, words: str, figures: RampFigures | None = None) -> None:
    """End the ramp."""
    row.state, row.ended_at = state, work.now
    await decide(work, group, row, decision, words, figures)


async def _open(work: UnitOfWork, input: RampRef) -> tuple[Group, RampRow]:
    group = await transitions.lock(work, input.slug)
    row = await repository.open_ramp(work.session, work.tenant_id, group.id)
    if row is None:
        raise NoRamp
    return group, row


async def _one(work: UnitOfWork, group: Group, row: RampRow) -> Ramp:
    await work.session.flush()
    return next(one for one in await ramps(work, GroupRef(slug=group.slug)) if one.id == row.id)


def _ramp(row: Any, decisions: Sequence[RampDecisionRow]) -> Ramp:
    plan, state = plan_of(row), RampState(row.state)
    holds = timedelta(seconds=plan.steps[row.step].hold_seconds)
    return Ramp(
        id=row.id,
        slug=row.slug,
        version_id=row.version_id,
        label=label(row.version),
        model_name=row.model_name,
        state=state,
        steps=plan.steps,
        guardrails=plan.guardrails,
        step=row.step,
        phase=row.phase,
        step_at=row.step_at,
        due_at=row.step_at + holds if state is RampState.RUNNING else None,
        started_at=row.started_at,
        started_by=row.started_by,
        ended_at=row.ended_at,
        words=row.words,
        decisions=[
            RampDecision(
                number=one.number,
                at=one.at,
                by=one.by,
                step=one.step,
                decision=one.decision,  # type: ignore[arg-type]  # written by `decide` only
                words=one.words,
                figures=msgspec.convert(one.figures, RampFigures) if one.figures else None,
            )
            for one in decisions
        ],
    )
