"""Decisions of mature applications from the log's rows, where tallies do not suffice: final decisions, and worths that depend on inputs."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import numpy as np

from backend.comparison import log_queries
from backend.comparison.decided import ANY, Decisions
from backend.comparison.from_log import arms_of, floats, integers
from backend.decisions.service import DecisionFacts
from backend.decisions.value import columns_needed, values_of
from backend.ids import first_id_at
from backend.numerics.selective.value import ValueSums, sums_of
from backend.numerics.statistics.clusters import CLUSTERS
from backend.numerics.statistics.decided import Decided
from backend.tallies.assignment import Draw, draws
from backend.work.unit import UnitOfWork
from schemas.decisions import ValueTable
from schemas.groups import Group

By = tuple[int, UUID]


def needs_rows(facts: DecisionFacts) -> bool:
    """Return whether figures of decisions need the log's rows: tallies count recommended decisions, and know no inputs."""
    return facts.settings.compare_by == "final" or (facts.value_table is not None and bool(columns_needed(facts.value_table)))


async def decisions_from_rows(
    work: UnitOfWork, group: Group, phases: Sequence[int], first: UUID, mature_until: float | None, facts: DecisionFacts
) -> dict[By, Decisions]:
    """Return the decisions of each phase and version, of randomly assigned answers and of copies, older than `mature_until` (seconds since 1970; None: all).

    An application without a final decision counts by its recommended one. Erased rows are left out, as nothing is known of their inputs.
    """
    until = UUID(int=2**128 - 1) if mature_until is None else first_id_at(datetime.fromtimestamp(mature_until, UTC))
    names = columns_needed(facts.value_table) if facts.value_table else []
    by_final = facts.settings.compare_by == "final"
    rows = await log_queries.decision_columns(work.session, group.table_name, (first, until), phases, names, finally_=by_final)
    lots = await draws(work, group.id, {row.phase for row in rows})
    return await asyncio.to_thread(_by_version, rows, lots, facts.value_table, names)


def _by_version(rows: Sequence[Any], lots: Mapping[int, Draw], table: ValueTable | None, names: Sequence[str]) -> dict[By, Decisions]:
    parts: defaultdict[By, list[Decisions]] = defaultdict(list)
    for row in rows:
        if found := _decisions(row, lots[row.phase], table, names):
            parts[row.phase, row.model_version_id].append(found)
    return {by: _together(mine) for by, mine in parts.items()}


def _decisions(row: Any, lot: Draw, table: ValueTable | None, names: Sequence[str]) -> Decisions | None:
    """Return the decisions of the rows that were assigned at random, or that are copies."""
    buckets, actuals = integers(row.buckets), floats(row.actuals)
    mine = next((where for arm, _, where in arms_of(row, lot, buckets, floats(row.propensities)) if arm in ("random", "shadow")), None)
    if mine is None or row.decision is None:
        return None
    buckets, actuals = buckets[mine], actuals[mine]
    decided = [row.decision] * len(buckets)
    counts = Decided.of(decided, buckets, actuals)
    outcomes = {entry.outcome for entry in table.entries if entry.decision == row.decision} if table else set()
    if table is None or not (ANY in outcomes or outcomes >= {"good", "bad"}):
        return Decisions(counts)
    columns = {name: floats(getattr(row, f"number_{at}"))[mine] for at, name in enumerate(names)}
    worths = values_of(table, decided, actuals, columns)
    fixed = np.full(len(decided), float(ANY in outcomes))
    return Decisions(counts, sums_of(worths.values, fixed, (buckets % CLUSTERS).astype(np.float64), CLUSTERS), worths.clipped, worths.unpriced)


def _together(parts: Sequence[Decisions]) -> Decisions:
    """Return the decisions of all parts. Without a worth for one of them, there is none for all."""
    counts = Decided.merged(part.counts for part in parts)
    sums: ValueSums | None = None
    known = cut = 0.0
    for part in parts:
        if part.sums is None:
            return Decisions(counts)
        sums = part.sums if sums is None else sums.plus(part.sums)
        priced = float((part.sums.asked - part.sums.open + part.sums.known).sum())
        known, cut = known + priced, cut + priced * (part.clipped or 0.0)
    return Decisions(counts, sums, cut / known if known else 0.0, sum(part.unpriced for part in parts))
