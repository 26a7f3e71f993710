"""The worker judges each ramp's step by its guardrails, then advances, completes or rolls back."""

import asyncio
import logging
import time
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.actor import ANONYMOUS, Actor, system
from backend.comparison import ramp_figures
from backend.db.locks import try_lock
from backend.groups import transitions
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.promotion import repository
from backend.promotion.ramp import decide, end, move, plan_of
from backend.promotion.ramp_rules import broken, percent, waits_for
from backend.promotion.tables import RampRow
from backend.work.unit import UnitOfWork
from schemas.groups import Group, Halt
from schemas.ramps import RampFigures, RampState

log = logging.getLogger("tiltyard.ramps")
RAMP_SECONDS = 20.0
"""Seconds for one ramp, after which this round gives it up."""
ROUND_SECONDS = 30.0
"""Seconds after which a round starts no further ramp, so that its job ends by itself."""
Place = tuple[int, int, datetime]
"""A ramp's position: its step, the phase that the step opened, and the start of the step's time."""

_tended: dict[UUID, float] = {}
"""The time of this process's last look at each running ramp."""


class Seen(NamedTuple):
    """A judgement, and the ramp's position at that time."""

    place: Place
    judged: ramp_figures.JudgedStep


async def tend(hub: Hub) -> None:
    """Judge every running ramp, those first that have waited longest. Several workers may call it at any time.

    Ramps that do not fit into a round come first in the next. So one tenant's large log does not delay another tenant's guardrails.
    """
    async with hub.work(ANONYMOUS, read_only=True) as work:
        rows = await repository.running_ramps(work.session)
    begun = time.monotonic()
    for gone in _tended.keys() - {row.ramp_id for row in rows}:
        del _tended[gone]
    for row in sorted(rows, key=lambda row: _tended.get(row.ramp_id, 0.0)):
        if time.monotonic() > begun + ROUND_SECONDS:
            break
        _tended[row.ramp_id] = time.monotonic()
        try:
            async with asyncio.timeout(RAMP_SECONDS):
                await _tend(hub, system(row.tenant_id, "ramp"), row.ramp_id)
        except Exception:  # one group's failure must not keep the others from rolling back
            log.exception("ramp %s could not be judged", row.ramp_id)


async def _tend(hub: Hub, actor: Actor, ramp_id: UUID) -> None:
    """Judge the ramp without a lock, which may take long. Then lock the group and act, if the ramp's position is unchanged."""
    async with hub.work(actor, read_only=True) as work:
        seen = await _see(work, ramp_id)
    async with hub.work(actor) as work:
        await _act(work, ramp_id, seen)


async def _see(work: UnitOfWork, ramp_id: UUID) -> Seen | None:
    row = await repository.ramp(work.session, work.tenant_id, ramp_id)
    if row is None or row.state != RampState.RUNNING:
        return None
    now = await transitions.by_id(work, row.group_id)
    if now is None or now.phase.number != row.phase or _halt(now, row):
        return None
    challenger = next(member for member in now.phase.members if member.version_id == row.version_id)
    return Seen(_place(row), await ramp_figures.judge(work, now, challenger, looks=len(plan_of(row).steps)))


async def _act(work: UnitOfWork, ramp_id: UUID, seen: Seen | None) -> None:
    if not await try_lock(work.session, f"ramp:{ramp_id}"):
        return
    row = await repository.ramp(work.session, work.tenant_id, ramp_id)
    if row is None or row.state != RampState.RUNNING:
        return
    now = await transitions.by_id(work, row.group_id, locked=True)
    if now is None:
        row.state, row.ended_at, row.words = RampState.CANCELLED, work.now, "the group was deleted"
        return
    await work.session.refresh(row)  # somebody may have paused it while this waited for the group's lock
    if row.state != RampState.RUNNING:
        return
    if now.phase.number != row.phase:
        words = f"{now.phase.opened_by} opened phase {now.phase.number} ({now.phase.reason or 'no reason given'}), so this ramp's split is no longer in force"
        await end(work, now, row, RampState.CANCELLED, "cancel", words)
    elif halt := _halt(now, row):
        _say(work, now, row, f"waits: halted by {halt.by}")
    elif seen and seen.place == _place(row):
        await _decide(work, now, row, seen.judged)


async def _decide(work: UnitOfWork, now: Group, row: RampRow, judged: ramp_figures.JudgedStep) -> None:
    plan, figures = plan_of(row), judged.figures
    if why := broken(figures, plan.guardrails):
        await move(work, now, row, 0, f"ramp rolled back: {why}")
        await end(work, now, row, RampState.ROLLED_BACK, "roll_back", why, figures)
    elif waiting := judged.trouble or waits_for(plan.steps[row.step], figures, row.step_at, work.now):
        _say(work, now, row, waiting)
    elif row.step + 1 == len(plan.steps):
        share = next(member.share for member in now.phase.members if member.version_id == row.version_id)
        await end(work, now, row, RampState.COMPLETED, "complete", f"held at {percent(share)}; promote the version when you are satisfied", figures)
    elif objections := await work.hub.gate.objections(work, "ramp", now.id, [row.version_id]):
        _say(work, now, row, f"waits: {' '.join(objections)}")
    else:
        await _advance(work, now, row, figures)


def _place(row: RampRow) -> Place:
    return row.step, row.phase, row.step_at


def _halt(now: Group, row: RampRow) -> Halt | None:
    return now.halt or next((one for one in now.halted_versions if one.version_id == row.version_id), None)


async def _advance(work: UnitOfWork, now: Group, row: RampRow, figures: RampFigures) -> None:
    steps = plan_of(row).steps
    row.step += 1
    share = steps[row.step].share
    words = f"ramp, step {row.step + 1} of {len(steps)}: {percent(share)}"
    await move(work, now, row, share, words)
    await decide(work, now, row, "advance", words, figures)


def _say(work: UnitOfWork, group: Group, row: RampRow, words: str) -> None:
    if row.words != words:
        row.words = words
        work.live(GROUP_CHANGED, group.slug)
