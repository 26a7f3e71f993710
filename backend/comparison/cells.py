"""Reads the comparison's cells: from tallies, or from the log's own rows for an exact comparison."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import numpy as np

from backend.comparison import log_queries
from backend.comparison.from_log import Logged, by_span, ends, logged, pair_tallies
from backend.ids import first_id_at
from backend.numerics.statistics.binning import score_spans
from backend.numerics.statistics.clusters import Clusters
from backend.numerics.statistics.counted import NOTHING, Counted, of_rows, of_sketch
from backend.numerics.statistics.decided import Decided
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.sketch import LABELS, OTHER, Sketch, clustered
from backend.tallies import service as tallies
from backend.tallies.tally import Key
from backend.work.unit import UnitOfWork
from schemas.comparison import Scale
from schemas.groups import Phase

CLOCKS_APART = timedelta(minutes=1)
"""Another machine's inference ids may seem older than their phase by this much."""
LAST = UUID(int=2**128 - 1)


ROUNDING = 1 / 32
"""A score may lie this far outside [0, 1] and still be a probability."""
STRAY = 0.01
"""This share of the scores may lie further outside."""


class Kinds(NamedTuple):
    """Counts of scores, of scores that are no probabilities, and of outcomes that are neither 0 nor 1."""

    scored: int
    far: int
    numbers: int


@dataclass(frozen=True)
class Rows:
    """Rows as columns [n], NaN for absent values."""

    scores: Floats
    actuals: Floats
    times: Floats
    failed: int
    clusters: Clusters
    decided: Decided


@dataclass(frozen=True)
class Cell:
    """The data of one key."""

    key: Key
    rows: int
    labelled: int
    failed: int
    first: UUID | None
    last: UUID | None
    part: Sketch | Rows

    @property
    def kinds(self) -> Kinds:
        """Return the counts that decide the scale."""
        if isinstance(self.part, Sketch):
            labels, low, counts = self.part.scores.keys % LABELS, score_spans(self.part.scores.keys // LABELS)[0], self.part.scores.counts
            far = (low < -ROUNDING) | (low > 1 + ROUNDING)
            return Kinds(int(counts.sum()), int(counts[far].sum()), int(counts[labels == OTHER].sum()))
        known = self.part.actuals[~np.isnan(self.part.actuals)]
        scores = self.part.scores[np.isfinite(self.part.scores)]
        far = (scores < -ROUNDING) | (scores > 1 + ROUNDING)
        return Kinds(len(scores), int(far.sum()), int(((known != 0) & (known != 1)).sum()))


def scale_of(cells: Iterable[Cell]) -> Scale:
    """Return the scale of scores. `number`: estimates of outcomes that are numbers, once an outcome is neither 0 nor 1.

    `points`: outcomes are 0 and 1 and more than a few scores are no probabilities, so scores only rank. Else `probability`: a score that misses [0, 1] by
    rounding is one, and a single wrong one among hundreds (imported, or of a failing model) changes nothing.
    """
    kinds = [cell.kinds for cell in cells]
    scored, far, numbers = (sum(column) for column in zip(*kinds, strict=True)) if kinds else (0, 0, 0)
    if numbers > 0:
        return "number"
    return "points" if far > STRAY * scored else "probability"


def together(cells: Sequence[Cell]) -> Counted:
    """Return the counts of several cells together."""
    if not cells:
        return NOTHING
    sketches = [cell.part for cell in cells if isinstance(cell.part, Sketch)]
    if sketches:
        return of_sketch(Sketch.merged(sketches))
    parts = [cell.part for cell in cells if isinstance(cell.part, Rows)]
    scores, actuals, times = (np.concatenate([getattr(part, name) for part in parts]) for name in ("scores", "actuals", "times"))
    return of_rows(
        scores,
        actuals,
        times,
        sum(part.failed for part in parts),
        Clusters.merged(part.clusters for part in parts),
        Decided.merged(part.decided for part in parts),
    )


async def tallied(work: UnitOfWork, group_id: UUID, phases: Sequence[Phase]) -> list[Cell]:
    """Return the cells of some phases, from the tallies."""
    found = await tallies.of_phases(work, group_id, [phase.number for phase in phases])
    return [Cell(one.key, one.sketch.rows, one.labelled, one.sketch.failed, one.first, one.last, one.sketch) for one in found]


async def counted_anew(work: UnitOfWork, group_id: UUID, table: str, phases: Sequence[Phase]) -> list[Cell]:
    """Return the same from every row of the log: exact, and slow for many rows."""
    cells: list[Cell] = []
    now = work.now.timestamp()
    for phase in phases:
        first = first_id_at(_since(phase))
        for part in await logged(work, group_id, table, first, LAST, phase.number):
            cells += _cells(part, phase.threshold, now)
        for row in await log_queries.pair_columns(work.session, table, first, LAST, phase.number):
            cells += [Cell(one.key, one.sketch.rows, one.labelled, 0, None, None, one.sketch) for one in pair_tallies(row, phase.threshold, now)]
    return cells


def _since(phase: Phase) -> datetime:
    return phase.opened_at - CLOCKS_APART


def _cells(part: Logged, threshold: float, now: float) -> list[Cell]:
    """Return one cell per span, with the spans of tallies of this age."""
    cells = []
    for slot, seconds, here in by_span(np.concatenate([part.slots, part.failed]), now):
        mine = here[here < len(part.slots)]
        scores, actuals = part.scores[mine], part.actuals[mine]
        rows = Rows(scores, actuals, part.times[mine], len(here) - len(mine), clustered(part.buckets[mine], scores, actuals, threshold), part.decided(mine))
        labelled = int((~np.isnan(rows.actuals) & np.isfinite(rows.scores)).sum())
        key = part.key._replace(slot=slot, seconds=seconds)
        cells.append(Cell(key, len(mine), labelled, rows.failed, *ends(part.ids[mine]), rows))
    return cells
