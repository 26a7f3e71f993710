"""Cut-offs tried on mature rows of a log: approval rate, bad rate, value, recall and the four-fifths ratio, and the best within limits."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Row

from backend.decisions import actions, repository
from backend.decisions.rule_change import version_of
from backend.decisions.service import DecisionFacts, facts_of
from backend.decisions.value import columns_needed, number, values_of
from backend.groups import service as groups
from backend.ids import first_id_at
from backend.numerics.selective.cutoffs import Applications, Limits, Point, as_decided, best, candidates, curve, within
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Estimate, Floats
from backend.work.unit import UnitOfWork
from schemas.catalog import Version
from schemas.common import Interval
from schemas.comparison import MetricEstimate
from schemas.cutoffs import CurrentDecisions, CutoffCurve, CutoffPoint, ExploreCutoffs
from schemas.groups import Group, GroupRef

DECLINE = "decline"
LATEST_ROWS = 50_000


async def explore(work: UnitOfWork, input: ExploreCutoffs) -> CutoffCurve:
    """Return what each cut-off would have given on the latest mature rows of a version. Raises GroupNotFound, VersionNotLogged."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    version = await version_of(work, group, input.version)
    facts = await facts_of(work, group.id)
    rows = await _mature(work, group, version, facts, input.segment, input.most)
    work.audit_read(actions.DECISIONS_EXPLORE, f"group:{group.slug}")
    limits = Limits(input.limits.approval_rate, input.limits.bad_rate, input.limits.ratio)
    return curve_of(version.label, rows, candidates(rows.risk), limits, group.settings.positive_scores == "higher", facts)


async def curve_at(work: UnitOfWork, group: Group, version: Version, facts: DecisionFacts, cut: float) -> CutoffCurve:
    """Return the figures of one cut-off alone."""
    below = group.settings.positive_scores == "higher"
    rows = await _mature(work, group, version, facts, None, LATEST_ROWS)
    return curve_of(version.label, rows, [cut if below else -cut], Limits(), below, facts)


async def _mature(work: UnitOfWork, group: Group, version: Version, facts: DecisionFacts, segment: str | None, most: int) -> Applications:
    until = first_id_at(work.now - timedelta(hours=group.settings.maturity_hours or 0.0))
    rows = await repository.mature(work.session, group.table_name, version.id, until, segment, most)
    return applications(rows, facts, group.settings.positive_scores == "higher")


def applications(rows: Sequence[Row[Any]], facts: DecisionFacts, below: bool) -> Applications:
    """Return rows as the curve wants them: risk falls to the safe side."""
    scores = np.array([row.score for row in rows], dtype=np.float64)
    actuals = np.array([np.nan if row.actual is None else row.actual for row in rows], dtype=np.float64)
    actuals[~np.isin(actuals, (0.0, 1.0))] = np.nan
    weights = np.array([_weight(row) for row in rows], dtype=np.float64)
    clusters = np.array([row.bucket % CLUSTERS for row in rows], dtype=np.int64)
    approved, declined = _worths(rows, facts, actuals)
    decided = all(row.decision is not None for row in rows) and bool(rows)
    now = np.array([row.decision in facts.settings.approves for row in rows], dtype=bool) if decided else None
    return Applications(scores if below else -scores, actuals, weights, clusters, approved, declined, _segments(rows), now)


def _weight(row: Row[Any]) -> float:
    """Return for how many applications a known outcome stands. Where the lot did not approve, a person did, and the outcome stands for nobody else."""
    if row.lot_propensity is None:
        return 1.0
    return 1 / row.lot_propensity if row.lot < row.lot_propensity else 0.0


def curve_of(label: str, rows: Applications, cuts: Sequence[float], limits: Limits, below: bool, facts: DecisionFacts) -> CutoffCurve:
    """Return the curve as callers see it."""
    points = curve(rows, cuts)
    chosen = best(points, limits)
    valued = rows.if_approved is not None and facts.value_table is not None
    known = int((~np.isnan(rows.actuals)).sum())
    return CutoffCurve(
        version=label,
        rows=len(rows.risk),
        known=known,
        approve_below=below,
        currency=facts.value_table.currency if valued and facts.value_table else None,
        points=[_point(one, limits, below) for one in points],
        best=_point(chosen, limits, below) if chosen else None,
        current=_current(rows),
        words=_words(rows, known, chosen),
    )


def _worths(rows: Sequence[Row[Any]], facts: DecisionFacts, actuals: Floats) -> tuple[Floats | None, Floats | None]:
    """Return what each application is worth approved, and declined; None without a table that says both."""
    table = facts.value_table
    if table is None or not rows or not facts.settings.approves:
        return None, None
    inputs = [row.inputs or {} for row in rows]
    columns = {name: np.array([number(one.get(name)) for one in inputs], dtype=np.float64) for name in columns_needed(table)}
    approved = values_of(table, [facts.settings.approves[0]] * len(rows), actuals, columns).values
    declined = values_of(table, [DECLINE] * len(rows), np.full(len(rows), np.nan), columns).values
    return (None, None) if np.isnan(declined).any() or np.isnan(approved[~np.isnan(actuals)]).any() else (approved, declined)


def _segments(rows: Sequence[Row[Any]]) -> "np.ndarray[tuple[int], np.dtype[np.int64]] | None":
    named = [row.segment for row in rows]
    if all(one is None for one in named):
        return None
    places = {value: at for at, value in enumerate(sorted({str(one) for one in named if one is not None}))}
    return np.array([-1 if one is None else places[str(one)] for one in named], dtype=np.int64)


def _point(found: Point, limits: Limits, below: bool) -> CutoffPoint:
    names = ("approval_rate", "bad_rate", "value", "gain", "recall", "ratio")
    figures = {name: _estimate(getattr(found, name)) for name in names}
    return CutoffPoint(
        cut=found.cut if below else -found.cut,
        bad_rate_least=found.least,
        bad_rate_most=found.most,
        unknown=found.unknown,
        within=within(found, limits),
        **figures,
    )


def _current(rows: Applications) -> CurrentDecisions | None:
    found = as_decided(rows)
    return CurrentDecisions(approval_rate=_estimate(found.approval_rate), bad_rate=_estimate(found.bad_rate), value=_estimate(found.value)) if found else None


def _estimate(found: Estimate) -> MetricEstimate:
    interval = Interval(low=found.low, high=found.high) if found.low is not None and found.high is not None else None
    return MetricEstimate(value=found.value, interval=interval, n=found.n)


def _words(rows: Applications, known: int, chosen: Point | None) -> str:
    if len(rows.risk) == 0:
        return "No row of this version is old enough yet."
    told = (
        "" if known == len(rows.risk) else f"Outcomes are known for {known:,} of {len(rows.risk):,} applications; where they are not, a bad rate is a range. "
    )
    return told + ("No cut-off holds these limits." if chosen is None else "")
