"""Figures of everyone up to the edge of an exploration's band, by inverse propensity, while the exploration ran."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from backend.comparison import log_queries
from backend.comparison.from_log import arms_of, floats, integers
from backend.comparison.maturity import Cut
from backend.decisions.exploration import ExploredSpan, explored_span
from backend.ids import first_id_at, moment_of
from backend.numerics.selective import propensity
from backend.numerics.selective.propensity import Weighted
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Estimate
from backend.tallies.assignment import draws
from backend.work.unit import UnitOfWork
from schemas.common import Interval
from schemas.comparison import ExploredFigure, ExploredFigures, MetricEstimate, Scale
from schemas.groups import Group, Phase


async def explored_figures(work: UnitOfWork, group: Group, phase: Phase, cut: Cut, scale: Scale) -> Mapping[UUID, ExploredFigures]:
    """Return the figures of each version that answered while the group's latest exploration ran; none without an exploration, or for numeric outcomes."""
    span = await explored_span(work, group)
    if span is None or scale == "number":
        return {}
    first, until = first_id_at(span.first), first_id_at(span.until)
    if cut.at is not None and moment_of(until).timestamp() > cut.at:
        until = first_id_at(cut.moment)
    rows = await log_queries.explored_columns(work.session, group.table_name, (first, until), phase.number, span.approves)
    lot = (await draws(work, group.id, {phase.number}))[phase.number]
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        buckets = integers(row.buckets)
        where = next((mine for arm, _, mine in arms_of(row, lot, buckets, floats(row.propensities)) if arm == "random"), None)
        if where is not None:
            columns = [floats(column)[where] for column in (row.scores, row.actuals, row.lots, row.chances)]
            found.setdefault(row.model_version_id, []).append([buckets[where], *columns])
    lower = group.settings.positive_scores == "lower"
    return {version_id: _figures(parts, span, scale, lower) for version_id, parts in found.items()}


def _figures(parts: Sequence[Any], span: ExploredSpan, scale: Scale, lower: bool) -> ExploredFigures:
    buckets, scores, actuals, lots, chances = (np.concatenate(column) for column in zip(*parts, strict=True))
    inside = ~np.isnan(chances)
    approved = inside & (lots < chances)
    revealed = np.where(inside, np.where(approved, chances, 0.0), 1.0)
    actuals = np.where((actuals == 0) | (actuals == 1), actuals, np.nan)
    rows = Weighted.of(-scores if lower else scores, actuals, revealed, buckets % CLUSTERS)
    told = {"bad_rate": propensity.bad_rate(rows), "roc_auc": propensity.roc_auc(rows)}
    if scale == "probability" and not lower:
        told |= {"brier": propensity.brier(rows), "calibration_error": propensity.calibration_error(rows)}
    return ExploredFigures(
        on=f"everyone whom the rule approves or whose score is from {span.low:g} to below {span.high:g}, while the exploration ran",
        rows=len(scores),
        explored=int(approved.sum()),
        known=rows.n,
        figures=[ExploredFigure(metric=name, estimate=_estimate(one)) for name, one in told.items()],
    )


def _estimate(found: Estimate) -> MetricEstimate:
    interval = Interval(low=float(found.low), high=float(found.high)) if found.low is not None and found.high is not None else None
    return MetricEstimate(value=None if found.value is None else float(found.value), interval=interval, n=int(found.n))
