"""Figures of everyone up to the edge of an exploration's band, by inverse propensity, while the exploration ran."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.catalog import service as catalog
from backend.comparison import log_queries
from backend.comparison.from_log import arms_of, floats, integers
from backend.comparison.maturity import Cut
from backend.decisions.exploration import ExploredSpan, explored_span
from backend.ids import first_id_at
from backend.numerics.selective import propensity
from backend.numerics.selective.propensity import Weighted
from backend.numerics.statistics.binning import Ints
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Estimate, Floats
from backend.plural import plural
from backend.tallies.assignment import Draw, draws
from backend.work.unit import UnitOfWork
from schemas.catalog import VersionRef
from schemas.common import Interval
from schemas.comparison import ExploredFigure, ExploredFigures, ExploredGroup, MetricEstimate, Scale
from schemas.groups import Group, Phase

ENTITY = "entity_key"
MOST_COLUMNS = 5
MOST_VALUES = 12
"""Values of a column with the most rows; the others are left out."""


async def explored_figures(work: UnitOfWork, group: Group, phase: Phase, cut: Cut, scale: Scale) -> Mapping[UUID, ExploredFigures]:
    """Return the figures of each version that answered while the group's latest exploration ran; none without an exploration, or for numeric outcomes."""
    span = await explored_span(work, group)
    if span is None or scale == "number":
        return {}
    first, until = first_id_at(span.first), first_id_at(min(span.until, cut.moment))
    names = await _columns(work, phase)
    rows = await log_queries.explored_columns(work.session, group.table_name, (first, until), phase.number, span.approves, names)
    lot = (await draws(work, group.id, {phase.number}))[phase.number]
    found: defaultdict[UUID, list[Applicants]] = defaultdict(list)
    for row in rows:
        if part := _applicants(row, lot, len(names)):
            found[row.model_version_id].append(part)
    lower, by_applicant = group.settings.positive_scores == "lower", phase.routing_key == ENTITY
    return await asyncio.to_thread(
        lambda: {version: _figures(Applicants.joined(parts), span, scale, lower, by_applicant, names) for version, parts in found.items()}
    )


@dataclass(frozen=True)
class Applicants:
    """Applications that the rule approved, or that the lot was drawn for, as columns [n].

    `refused` is 1 where it was finally not approved. `texts` are inputs, one column each.
    """

    buckets: Ints
    scores: Floats
    actuals: Floats
    lots: Floats
    chances: Floats
    refused: Ints
    texts: Sequence[NDArray[np.object_]]

    def clusters(self, by_applicant: bool) -> Ints:
        """Return the cluster [n] of each row: that of its bucket.

        Where buckets are not `by_applicant`, the explored rows of an applicant share their lot instead.
        """
        buckets = self.buckets % CLUSTERS
        if by_applicant:
            return buckets
        _, lots = np.unique(self.lots, return_inverse=True)
        return np.where(self.lots < self.chances, CLUSTERS + lots, buckets).astype(np.int64)

    @classmethod
    def joined(cls, parts: Sequence["Applicants"]) -> "Applicants":
        """Return all parts together."""
        names = ("buckets", "scores", "actuals", "lots", "chances", "refused")
        buckets, scores, actuals, lots, chances, refused = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
        return cls(buckets, scores, actuals, lots, chances, refused, [np.concatenate(column) for column in zip(*(part.texts for part in parts), strict=True)])


async def _columns(work: UnitOfWork, phase: Phase) -> list[str]:
    """Return the protected, sensitive and segment features of the phase's versions."""
    versions = [await catalog.get_version(work, VersionRef(version_id=member.version_id)) for member in phase.members]
    wanted = ("protected", "segment")
    return sorted({one.name for version in versions for one in version.document.features if one.sensitive or one.role in wanted})[:MOST_COLUMNS]


def _applicants(row: Any, lot: Draw, columns: int) -> Applicants | None:
    """Return the randomly assigned rows."""
    buckets = integers(row.buckets)
    where = next((mine for arm, _, mine in arms_of(row, lot, buckets, floats(row.propensities)) if arm == "random"), None)
    if where is None:
        return None
    texts = [np.array(getattr(row, f"text_{at}"), dtype=object)[where] for at in range(columns)]
    scores, actuals, lots, chances = (floats(column)[where] for column in (row.scores, row.actuals, row.lots, row.chances))
    return Applicants(buckets[where], scores, actuals, lots, chances, integers(row.refused)[where], texts)


def _figures(mine: Applicants, span: ExploredSpan, scale: Scale, lower: bool, by_applicant: bool, names: Sequence[str]) -> ExploredFigures:
    inside = ~np.isnan(mine.chances)
    explored = inside & (mine.lots < mine.chances)
    revealed = np.where(inside, np.where(explored, mine.chances * _with_place(mine, explored), 0.0), 1.0)
    actuals = np.where((mine.actuals == 0) | (mine.actuals == 1), mine.actuals, np.nan)
    scores, clusters = -mine.scores if lower else mine.scores, mine.clusters(by_applicant)
    rows = Weighted.of(scores, actuals, revealed, clusters)
    told = {"bad_rate": propensity.bad_rate(rows), "roc_auc": propensity.roc_auc(rows)}
    if scale == "probability" and not lower:
        told |= {"brier": propensity.brier(rows), "calibration_error": propensity.calibration_error(rows)}

    def one_group(column: str, value: str, here: NDArray[np.bool_]) -> ExploredGroup:
        counted = here & ~np.isnan(actuals) & (revealed > 0)
        some = Weighted.of(scores[counted], actuals[counted], revealed[counted], clusters[counted])
        good = 1 - some.actuals
        approved = propensity.ratio(some, good * ~inside[counted], good, (0.0, 1.0))
        return ExploredGroup(column=column, value=value, n=int(here.sum()), approved_of_good=_estimate(approved), bad_rate=_estimate(propensity.bad_rate(some)))

    return ExploredFigures(
        on=f"everyone whom the rule approves or whose score is from {span.low:g} to below {span.high:g}, while the exploration ran"
        + _without(int((mine.refused[revealed > 0] > 0).sum())),
        rows=len(scores),
        explored=int(explored.sum()),
        known=rows.n,
        figures=[ExploredFigure(metric=name, estimate=_estimate(one)) for name, one in told.items()],
        groups=[
            one_group(name, value, texts == value)
            for name, texts in zip(names, mine.texts, strict=True)
            for value, _ in Counter(text for text in texts.tolist() if text is not None).most_common(MOST_VALUES)
        ],
    )


def _without(refused: int) -> str:
    return f", but for {plural(refused, 'application')} whose approval a person refused: those outcomes stay unknown" if refused else ""


def _with_place(mine: Applicants, explored: NDArray[np.bool_]) -> float:
    """Return the share of the lot's winners that had a place of the budget. The others, with a chance of 0, are declined as if they had lost."""
    return float(explored.sum() / max(explored.sum() + (mine.chances == 0).sum(), 1))


def _estimate(found: Estimate) -> MetricEstimate:
    interval = Interval(low=float(found.low), high=float(found.high)) if found.low is not None and found.high is not None else None
    return MetricEstimate(value=None if found.value is None else float(found.value), interval=interval, n=int(found.n))
