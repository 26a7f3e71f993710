"""What a ramp's step is judged by."""

from typing import Any

from sqlalchemy import Row

from backend.inference import split_queries
from backend.inference.tally.reading import CLOCKS_APART
from backend.numerics.sequential import ALPHA, MINIMUM, Moments, compare
from backend.work import UnitOfWork
from schemas.groups import Group, Member, MemberRole
from schemas.ramps import RampFigures


async def figures(work: UnitOfWork, group: Group, challenger: Member, looks: int) -> RampFigures:
    """Of the group's current phase. The loss is judged at a level divided by `looks`, the number of steps that may each judge it."""
    phase = group.phase
    champion = next(member for member in phase.members if member.role is MemberRole.CHAMPION)
    ranges = (challenger.ranges, champion.ranges)
    since = phase.opened_at - CLOCKS_APART
    found = await split_queries.step_figures(work.session, group.table_name, group.decision_metric, phase.threshold, phase.number, since, ranges)
    mine, other = found.get(True), found.get(False)
    requests, errors = (mine.requests, mine.errors) if mine else (0, 0)
    judged = (_moments(other), _moments(mine))
    gap = compare(*judged, ALPHA, looks) if min(one.n for one in judged) >= MINIMUM else None
    return RampFigures(
        requests=requests,
        errors=errors,
        error_rate=errors / requests if requests else None,
        latency_p95_us=float(mine.p95) if mine and mine.p95 is not None else None,
        champion_latency_p95_us=float(other.p95) if other and other.p95 is not None else None,
        outcomes=judged[1].n,
        champion_outcomes=judged[0].n,
        loss_difference=gap.difference if gap else None,
        loss_low=gap.low if gap else None,
        loss_high=gap.high if gap else None,
    )


def _moments(row: Row[Any] | None) -> Moments:
    return Moments(row.judged, float(row.mean or 0.0), float(row.variance) * max(row.judged - 1, 0)) if row else Moments(0, 0.0, 0.0)
