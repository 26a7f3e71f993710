"""The figures for judging a ramp's step."""

import logging
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Row
from sqlalchemy.exc import DBAPIError

from backend.comparison import queries as split_queries
from backend.comparison.cells import CLOCKS_APART
from backend.comparison.queries import Step
from backend.comparison.standings import metric_in, rule_of
from backend.db.limits import limit_statements
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.sequential import ALPHA, MINIMUM, Clustered, Moments, compare
from backend.work.unit import UnitOfWork
from schemas.groups import Group, Member, MemberRole
from schemas.ramps import RampFigures

log = logging.getLogger("tiltyard.ramps")
READING_SECONDS = 5.0
"""Seconds for each of a step's two queries, so that no ramp delays others for long."""
TROUBLE = "waits: the log of this step could not be read to its end; the worker's log says why"


@dataclass(frozen=True)
class JudgedStep:
    """A step's figures. When some are missing, `trouble` says so."""

    figures: RampFigures
    trouble: str | None = None


async def judge(work: UnitOfWork, group: Group, challenger: Member, looks: int) -> JudgedStep:
    """Judge the group's current phase. The loss is judged at a level divided by `looks`, the number of steps that may judge it.

    The challenger's failures are counted first and separately, so that they are known in any case.
    """
    phase = group.phase
    champion = next(member for member in phase.members if member.role is MemberRole.CHAMPION)
    step = Step(group.table_name, phase.number, phase.opened_at - CLOCKS_APART, challenger.ranges, champion.ranges)
    requests, errors = 0, 0
    found: dict[bool, Row[Any]] = {}
    held = ""
    await limit_statements(work.session, READING_SECONDS)
    try:
        async with work.session.begin_nested():
            counts = (await split_queries.step_requests(work.session, step)).get(True)
        requests, errors = (counts.requests, counts.errors) if counts else (0, 0)
        async with work.session.begin_nested():
            metric = await metric_in(work, group, phase)
            held = metric.held
            found = await split_queries.step_losses(work.session, step, metric.name, rule_of(group, phase))
    except DBAPIError:
        log.exception("a step of group %s could not be judged", group.slug)
        return JudgedStep(_figures(requests, errors, found, looks, held), TROUBLE)
    return JudgedStep(_figures(requests, errors, found, looks, held))


def _figures(requests: int, errors: int, found: dict[bool, Row[Any]], looks: int, held: str) -> RampFigures:
    mine, other = found.get(True), found.get(False)
    judged = (_moments(other), _moments(mine))
    gap = compare(*judged, ALPHA, looks) if min(one.n for one in judged) >= MINIMUM and not held else None
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
        loss_held=held,
    )


def _moments(row: Row[Any] | None) -> Moments:
    if row is None:
        return Moments(0, 0.0, 0.0)
    counts, totals = np.zeros(CLUSTERS), np.zeros(CLUSTERS)
    counts[row.clusters], totals[row.clusters] = row.counts, row.totals
    return Moments(row.judged, float(row.mean or 0.0), float(row.variance) * max(row.judged - 1, 0), Clustered(counts, totals))
