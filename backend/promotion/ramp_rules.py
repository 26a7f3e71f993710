"""Pure rules of ramps: whether the plan is sound, whether a guardrail is broken, whether the step is done."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from backend.groups.buckets import BUCKETS
from backend.plural import plural
from schemas.common import Issue
from schemas.groups import MemberRole, MemberSpec
from schemas.ramps import Guardrails, RampFigures, RampStep


def plan_problems(steps: Sequence[RampStep], members: Sequence[MemberSpec], version_id: UUID) -> list[Issue]:
    """Return the problems of a plan for this split, by pointer."""
    found: list[Issue] = []
    mine = next((member for member in members if member.version_id == version_id), None)
    if mine is not None and mine.role is MemberRole.CHAMPION:
        found.append(Issue(pointer="/version_id", message="this is the champion; a ramp raises a challenger"))
    room = BUCKETS - sum(member.share for member in members if member.role is MemberRole.CHALLENGER and member.version_id != version_id)
    reached = mine.share if mine else 0
    for at, step in enumerate(steps):
        if step.share <= reached and not (at == 0 and step.share == reached):
            found.append(Issue(pointer=f"/steps/{at}/share", message=f"each step raises the share; it is {reached} before this one"))
        if step.share > room:
            found.append(Issue(pointer=f"/steps/{at}/share", message=f"the other challengers leave a share of {room}"))
        reached = step.share
    return found


def members_at(members: Sequence[MemberSpec], version_id: UUID, share: int) -> list[MemberSpec]:
    """Return the split with this share for the challenger. Only the champion's share changes with it. A shadow or new version becomes a challenger."""
    others = [member for member in members if member.version_id != version_id]
    taken = share + sum(member.share for member in others if member.role is MemberRole.CHALLENGER)
    moved = [
        MemberSpec(version_id=member.version_id, role=member.role, share=BUCKETS - taken) if member.role is MemberRole.CHAMPION else member for member in others
    ]
    return [*moved, MemberSpec(version_id=version_id, role=MemberRole.CHALLENGER, share=share)]


def broken(figures: RampFigures, rails: Guardrails) -> str | None:
    """Return a description of the guardrail that the challenger broke; None when it broke none.

    >>> said = dict(latency_p95_us=None, champion_latency_p95_us=None, outcomes=0, champion_outcomes=0, loss_difference=None, loss_low=None, loss_high=None)
    >>> broken(RampFigures(requests=100, errors=3, error_rate=0.03, **said), Guardrails(max_error_rate=0.01))
    '3 of its 100 requests failed: 3.0 %, at most 1.0 % is allowed'
    """
    if figures.requests >= rails.min_answers:
        if rails.max_error_rate is not None and figures.error_rate is not None and figures.error_rate > rails.max_error_rate:
            rate, allowed = f"{figures.error_rate * 100:.1f} %", f"{rails.max_error_rate * 100:.1f} %"
            return f"{figures.errors:,} of its {plural(figures.requests, 'request')} failed: {rate}, at most {allowed} is allowed"
        if rails.max_latency_p95_ms is not None and figures.latency_p95_us is not None and figures.latency_p95_us > rails.max_latency_p95_ms * 1000:
            return f"one request in twenty takes longer than {figures.latency_p95_us / 1000:.1f} ms; {rails.max_latency_p95_ms:g} ms are allowed"
    if rails.loss and figures.loss_high is not None and figures.loss_high < 0:
        return f"its loss is higher than the champion's by {-(figures.loss_difference or 0.0):.4f}, at least by {-figures.loss_high:.4f}"
    return None


def waits_for(step: RampStep, figures: RampFigures, since: datetime, now: datetime) -> str | None:
    """Return a description of what the step still lacks; None when it is done."""
    due = since + timedelta(seconds=step.hold_seconds)
    if now < due:
        return f"holds until {due.isoformat(timespec='seconds')}"
    if figures.requests < step.min_answers:
        return f"waits for {plural(step.min_answers, 'request')}, has {figures.requests:,}"
    if figures.outcomes < step.min_outcomes:
        return f"waits for {plural(step.min_outcomes, 'outcome')}, has {figures.outcomes:,}"
    return None


def percent(share: int) -> str:
    """Return basis points as a percentage.

    >>> percent(2550), percent(100)
    ('25.5 %', '1 %')
    """
    return f"{share / 100:g} %"
