"""Cut-offs tried on mature rows of a log: approval rate, bad rate, value, recall and the four-fifths ratio, and the best within limits."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Row

from backend.decisions import actions, repository
from backend.decisions.decision_rule import DECLINE
from backend.decisions.rule_change import version_of
from backend.decisions.service import DecisionFacts, facts_of
from backend.decisions.value import columns_needed, number, values_of
from backend.groups import service as groups
from backend.ids import first_id_at
from backend.numerics.selective.cutoff_sums import Applications, Bools, Ints
from backend.numerics.selective.cutoffs import Limits, Point, as_decided, best, candidates, curve, within
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.estimate import Estimate, Floats
from backend.work.unit import UnitOfWork
from schemas.catalog import Version
from schemas.common import Interval
from schemas.comparison import MetricEstimate
from schemas.cutoffs import CurrentDecisions, CutoffCurve, CutoffPoint, ExploreCutoffs
from schemas.groups import Group, GroupRef

LATEST_ROWS = 50_000
SMALLEST_SEGMENT = 0.02
"""A segment with a smaller share of the applications is left out of the four-fifths ratio (29 CFR 1607.15 A(2)(a))."""


class MatureApplications(NamedTuple):
    """Mature applications, and what is missing: a reason why none has a value, and whether small segments are left out of the ratio."""

    applications: Applications
    no_value: str = ""
    small_segments: bool = False


async def explore(work: UnitOfWork, input: ExploreCutoffs) -> CutoffCurve:
    """Return what each cut-off would have given on the latest mature rows of a version. Raises GroupNotFound, VersionNotLogged."""
    group = await groups.get(work, GroupRef(slug=input.slug))
    version = await version_of(work, group, input.version)
    facts = await facts_of(work, group.id)
    rows = await _mature(work, group, version, facts, input.segment, input.most)
    work.audit_read(actions.DECISIONS_EXPLORE, f"group:{group.slug}")
    limits = Limits(input.limits.approval_rate, input.limits.bad_rate, input.limits.ratio)
    below = group.settings.positive_scores == "higher"
    risk = rows.applications.risk
    return await asyncio.to_thread(curve_of, version.label, rows, _cuts(risk if below else -risk, version), limits, below, facts)


async def curve_at(work: UnitOfWork, group: Group, version: Version, facts: DecisionFacts, cut: float) -> CutoffCurve:
    """Return the figures of one cut-off alone."""
    rows = await _mature(work, group, version, facts, None, LATEST_ROWS)
    return await asyncio.to_thread(curve_of, version.label, rows, [cut], Limits(), group.settings.positive_scores == "higher", facts)


def _cuts(scores: Floats, version: Version) -> list[float]:
    """Return cut-offs worth looking at, with those in force."""
    found = candidates(scores)
    bounds = [band.below for band in version.decision_rule.rule.bands if band.below is not None] if version.decision_rule else []
    return sorted({*found, *(one for one in bounds if found and found[0] < one < found[-1])})


async def _mature(work: UnitOfWork, group: Group, version: Version, facts: DecisionFacts, segment: str | None, most: int) -> MatureApplications:
    until = first_id_at(work.now - timedelta(hours=group.settings.maturity_hours or 0.0))
    rows = await repository.mature(work.session, group.table_name, version.id, until, segment, most)
    return await asyncio.to_thread(applications, rows, facts, group)


def applications(rows: Sequence[Row[Any]], facts: DecisionFacts, group: Group) -> MatureApplications:
    """Return rows as the curve wants them: risk falls to the safe side."""
    scores = np.array([row.score for row in rows], dtype=np.float64)
    actuals = np.array([np.nan if row.actual is None else row.actual for row in rows], dtype=np.float64)
    actuals[~np.isin(actuals, (0.0, 1.0))] = np.nan
    decided = all(row.decision is not None for row in rows) and bool(rows)
    worths, no_value = _worths(rows, facts, actuals)
    segments, small = _segments([row.segment for row in rows])
    found = Applications(
        risk=scores if group.settings.positive_scores == "higher" else -scores,
        actuals=actuals,
        weights=np.array([_weight(row) for row in rows], dtype=np.float64),
        clusters=np.array([row.bucket % CLUSTERS for row in rows], dtype=np.int64),
        segments=segments,
        approved_now=np.array([_decision(row, facts) in facts.settings.approves for row in rows], dtype=bool) if decided else None,
        hidden=_hidden(rows, facts, group.settings.reveals) & np.isnan(actuals),
        **worths,
    )
    return MatureApplications(found, no_value, small)


def _decision(row: Row[Any], facts: DecisionFacts) -> str | None:
    """Return the decision that the group compares by."""
    decision: str | None = row.final_decision or row.decision if facts.settings.compare_by == "final" else row.decision
    return decision


def _hidden(rows: Sequence[Row[Any]], facts: DecisionFacts, reveals: Sequence[str] | None) -> Bools:
    """Return whose outcome cannot come: what was finally done reveals none, or nothing is known of it, and no lot stands for the application."""
    revealing = set(facts.settings.approves if reveals is None else reveals)
    done = [row.final_decision or row.decision for row in rows]
    return np.array([one not in revealing and not row.lot_propensity for one, row in zip(done, rows, strict=True)], dtype=bool)


def _weight(row: Row[Any]) -> float:
    """Return for how many applications a known outcome stands. Where the lot did not approve, a person did, and the outcome stands for nobody else."""
    if row.lot_propensity is None:
        return 1.0
    return 1 / row.lot_propensity if row.lot < row.lot_propensity else 0.0


def curve_of(label: str, mature: MatureApplications, cuts: Sequence[float], limits: Limits, below: bool, facts: DecisionFacts) -> CutoffCurve:
    """Return the curve as callers see it. A rule approves scores below a cut-off, or from it up."""
    rows = mature.applications
    points = curve(rows, cuts if below else [float(np.nextafter(-one, np.inf)) for one in cuts])
    chosen = best(points, limits)
    shown = [_point(cut, one, limits) for cut, one in zip(cuts, points, strict=True)]
    known = int((~np.isnan(rows.actuals)).sum())
    return CutoffCurve(
        version=label,
        rows=len(rows.risk),
        known=known,
        approve_below=below,
        currency=facts.value_table.currency if rows.if_approved is not None and facts.value_table is not None else None,
        points=shown,
        best=shown[points.index(chosen)] if chosen else None,
        current=_current(rows),
        words=_words(mature, known, chosen),
    )


def _worths(rows: Sequence[Row[Any]], facts: DecisionFacts, actuals: Floats) -> tuple[dict[str, Floats], str]:
    """Return what each application is worth approved, at worst and at best, declined, and as decided; or why there is no value."""
    table = facts.value_table
    if table is None or not rows or not facts.settings.approves:
        return {}, ""
    inputs = [row.inputs or {} for row in rows]
    columns = {name: np.array([number(one.get(name)) for one in inputs], dtype=np.float64) for name in columns_needed(table)}

    def worth(decision: str, outcomes: Floats) -> Floats:
        return values_of(table, [decision] * len(rows), outcomes, columns).values

    approve, everyone = facts.settings.approves[0], np.ones(len(rows))
    if_good, if_bad, if_declined = worth(approve, 0 * everyone), worth(approve, everyone), worth(DECLINE, np.nan * everyone)
    if lacking := int(np.isnan(if_good + if_bad + if_declined).sum()):
        of = f"{lacking:,} of {len(rows):,} applications"
        return {}, f"There is no value: {of} have no worth for `{approve}` with either outcome and for `{DECLINE}`, or lack a number in a column of it."
    as_decided = values_of(table, [_decision(row, facts) for row in rows], actuals, columns).values
    worths = {"if_approved": worth(approve, actuals), "if_declined": if_declined, "if_not_approved": as_decided}
    return worths | {"worst": np.minimum(if_good, if_bad), "best": np.maximum(if_good, if_bad)}, ""


def _segments(named: Sequence[str | None]) -> tuple[Ints | None, bool]:
    """Return the segment of each, -1 for those without one and of small ones; and whether there are small ones."""
    counts = Counter(one for one in named if one is not None)
    if not counts:
        return None, False
    large = sorted(value for value, count in counts.items() if count >= SMALLEST_SEGMENT * len(named))
    places = {value: at for at, value in enumerate(large)}
    return np.array([-1 if one is None else places.get(one, -1) for one in named], dtype=np.int64), len(large) < len(counts)


def _point(cut: float, found: Point, limits: Limits) -> CutoffPoint:
    names = ("approval_rate", "bad_rate", "value", "gain", "recall", "ratio")
    figures = {name: _estimate(getattr(found, name)) for name in names}
    return CutoffPoint(
        cut=cut,
        bad_rate_least=found.least,
        bad_rate_most=found.most,
        unknown=found.unknown,
        value_least=found.value_least,
        value_most=found.value_most,
        within=within(found, limits),
        **figures,
    )


def _current(rows: Applications) -> CurrentDecisions | None:
    found = as_decided(rows)
    return CurrentDecisions(approval_rate=_estimate(found.approval_rate), bad_rate=_estimate(found.bad_rate), value=_estimate(found.value)) if found else None


def _estimate(found: Estimate) -> MetricEstimate:
    interval = Interval(low=found.low, high=found.high) if found.low is not None and found.high is not None else None
    return MetricEstimate(value=found.value, interval=interval, n=found.n)


def _words(mature: MatureApplications, known: int, chosen: Point | None) -> str:
    n = len(mature.applications.risk)
    if n == 0:
        return "No row of this version is old enough yet."
    told = [mature.no_value] if mature.no_value else []
    if known < n:
        told.append(f"Outcomes are known for {known:,} of {n:,} applications; where they are not, a bad rate is a range.")
    if mature.applications.hidden is not None and mature.applications.hidden.any():
        told.append("The value of a cut-off that approves applications without an outcome is a range too, and counts by its lower end.")
    if mature.small_segments:
        told.append(f"Values of the segment with less than {SMALLEST_SEGMENT:.0%} of the applications are left out of the ratio.".replace("%", " %"))
    return " ".join([*told, *([] if chosen else ["No cut-off holds these limits."])])
