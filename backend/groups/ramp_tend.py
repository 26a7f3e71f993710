"""Ramps tended by the worker: each step judged by its guardrails, then advanced, completed or rolled back."""

import logging
from typing import TYPE_CHECKING
from uuid import UUID

from backend.access.actor import ANONYMOUS, system
from backend.db.locks import try_lock
from backend.groups import repository
from backend.groups.ramp import decide, end, move, plan_of
from backend.groups.ramp_rules import broken, percent, waits_for
from backend.groups.service import describe
from backend.groups.tables import GroupRow, RampRow
from backend.inference import guardrails
from backend.live.rules import GROUP_CHANGED
from backend.work import UnitOfWork
from schemas.groups import Group
from schemas.ramps import RampFigures, RampState

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.ramps")


async def tend(hub: "Hub") -> None:
    """Look after every ramp that runs. Harmless to call at any time, and by several workers at once."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        rows = await repository.running_ramps(work.session)
    for row in rows:
        try:
            async with hub.work(system(row.tenant_id, "ramp")) as work:
                await _tend(work, row.ramp_id)
        except Exception:  # one group's trouble must not keep the others from rolling back
            log.exception("ramp %s could not be tended", row.ramp_id)


async def _tend(work: UnitOfWork, ramp_id: UUID) -> None:
    if not await try_lock(work.session, f"ramp:{ramp_id}"):
        return
    row = await repository.ramp(work.session, work.tenant_id, ramp_id)
    if row is None or row.state != RampState.RUNNING:
        return
    group = await repository.group_by_id(work.session, work.tenant_id, row.group_id)
    if group is None:
        row.state, row.ended_at, row.words = RampState.CANCELLED, work.now, "the group was deleted"
        return
    await work.session.refresh(row)  # it may have been paused while the group's lock was waited for
    now = await describe(work, group)
    if row.state != RampState.RUNNING:
        return
    if now.phase.number != row.phase:
        words = f"{now.phase.opened_by} opened phase {now.phase.number} ({now.phase.reason or 'no reason given'}), so this ramp's split is no longer in force"
        await end(work, group, row, RampState.CANCELLED, "cancel", words)
    elif halt := now.halt or next((one for one in now.halted_versions if one.version_id == row.version_id), None):
        _say(work, group, row, f"waits: halted by {halt.by}")
    else:
        await _judge(work, group, now, row)


async def _judge(work: UnitOfWork, group: GroupRow, now: Group, row: RampRow) -> None:
    plan = plan_of(row)
    challenger = next(member for member in now.phase.members if member.version_id == row.version_id)
    figures = await guardrails.figures(work, now, challenger, looks=len(plan.steps))
    if why := broken(figures, plan.guardrails):
        await move(work, group, now, row, 0, f"ramp rolled back: {why}")
        await end(work, group, row, RampState.ROLLED_BACK, "roll_back", why, figures)
    elif waiting := waits_for(plan.steps[row.step], figures, row.step_at, work.now):
        _say(work, group, row, waiting)
    elif row.step + 1 == len(plan.steps):
        await end(work, group, row, RampState.COMPLETED, "complete", f"held at {percent(challenger.share)}; promote it when you are content", figures)
    else:
        await _advance(work, group, now, row, figures)


async def _advance(work: UnitOfWork, group: GroupRow, now: Group, row: RampRow, figures: RampFigures) -> None:
    steps = plan_of(row).steps
    row.step += 1
    share = steps[row.step].share
    words = f"ramp, step {row.step + 1} of {len(steps)}: {percent(share)}"
    await move(work, group, now, row, share, words)
    await decide(work, group, row, "advance", words, figures)


def _say(work: UnitOfWork, group: GroupRow, row: RampRow, words: str) -> None:
    if row.words != words:
        row.words = words
        work.live(GROUP_CHANGED, group.slug)
