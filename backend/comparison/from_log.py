"""Tallies recomputed from the log, with the same keys and sketches as those made while logging."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from backend.comparison import log_queries
from backend.numerics.statistics.decided import Decided
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.sketch import Sketch, clustered, pair_sketch, sketch_of
from backend.tallies.assignment import CLOSE, NOBODY, Draw, draws
from backend.tallies.compaction import span_of
from backend.tallies.tally import Key, Tally
from backend.tallies.update import SLOT
from backend.work.unit import UnitOfWork

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Logged:
    """Rows of one key (except its slot) and one decision, as columns [n]; NaN for absent values. `failed` are the slots of rows without an answer."""

    key: Key
    ids: NDArray[np.void]
    buckets: NDArray[np.int64]
    slots: NDArray[np.int64]
    scores: Floats
    actuals: Floats
    times: Floats
    failed: NDArray[np.int64]
    decision: str | None

    def decided(self, here: NDArray[np.int64]) -> Decided:
        """Counts by decision of some of the rows."""
        return Decided.of([self.decision] * len(here), self.buckets[here], self.actuals[here])


async def logged(work: UnitOfWork, group_id: UUID, table: str, first: UUID, until: UUID, phase: int | None = None) -> list[Logged]:
    """Return the log's rows between two ids, of one phase or all, by phase, version, arm, replaced version and decision."""
    rows = [row for row in await log_queries.columns(work.session, table, first, until, phase) if row.status != "refused"]
    lots = await draws(work, group_id, {row.phase for row in rows})
    parts: defaultdict[tuple[Key, str | None], list[Logged]] = defaultdict(list)
    for row in rows:
        for part in _split(row, lots[row.phase]):
            parts[part.key, part.decision].append(part)
    return [_joined(mine) for mine in parts.values()]


async def tallies_of(work: UnitOfWork, group_id: UUID, table: str, first: UUID, until: UUID, now: float) -> list[Tally]:
    """Return the tallies of the log's rows between two ids, compacted for their age. No pair may cross a bound, which whole slots guarantee."""
    parts = await logged(work, group_id, table, first, until)
    rows = await log_queries.pair_columns(work.session, table, first, until)
    lots = await draws(work, group_id, {part.key.phase for part in parts} | {row.phase for row in rows})
    found = _one_for_each_key(tally for part in parts for tally in _tallies(part, lots[part.key.phase].threshold, now))
    return found + [tally for row in rows for tally in pair_tallies(row, lots[row.phase].threshold, now)]


def _split(row: Any, lot: Draw) -> Iterator[Logged]:
    """Return the rows of one version, role and status, by arm."""
    buckets, propensities = integers(row.buckets), floats(row.propensities)
    ids = np.frombuffer(row.ids, dtype="V16")
    all_slots, columns = _slots(row.ids), (floats(row.scores), floats(row.actuals), floats(row.times))
    for arm, other, mine in arms_of(row, lot, buckets, propensities):
        slots, (scores, actuals, times) = all_slots[mine], (column[mine] for column in columns)
        key = Key(row.phase, row.model_version_id, arm, other, 0, SLOT)
        if row.status == "failed":
            yield Logged(key, ids[:0], buckets[:0], slots[:0], scores[:0], actuals[:0], times[:0], slots, row.decision)
        else:
            yield Logged(key, ids[mine], buckets[mine], slots, scores, actuals, times, slots[:0], row.decision)


def arms_of(row: Any, lot: Draw, buckets: NDArray[np.int64], propensities: Floats) -> Iterator[tuple[str, UUID | None, Bools]]:
    """Return the arms of the rows, each with its rows: `Draw.arm` for all rows at once."""
    everyone = np.ones(len(buckets), dtype=bool)
    if row.role == "shadow":
        yield "shadow", None, everyone
    elif row.status == "fallback":
        owners = lot.owners_of(buckets)
        for place in np.unique(owners).tolist():
            yield "fallback", None if place == NOBODY else lot.versions[place], owners == place
    else:
        place = lot.versions.index(row.model_version_id) if row.model_version_id in lot.versions else None
        owned = ~everyone if place is None else lot.owners_of(buckets) == place
        random = owned & (np.abs(propensities - lot.shares.get(row.model_version_id, np.nan)) < CLOSE)
        for arm, mine in (("random", random), ("chosen", ~random)):
            if mine.any():
                yield arm, None, mine


def _joined(parts: Sequence[Logged]) -> Logged:
    names = ("ids", "buckets", "slots", "scores", "actuals", "times", "failed")
    ids, buckets, slots, scores, actuals, times, failed = (np.concatenate([getattr(part, name) for part in parts]) for name in names)
    return Logged(parts[0].key, ids, buckets, slots, scores, actuals, times, failed, parts[0].decision)


def by_span(slots: NDArray[np.int64], now: float) -> Iterator[tuple[int, int, NDArray[np.int64]]]:
    """Return the current spans of slots [n], each with its indexes."""
    unique, at = np.unique(slots, return_inverse=True)
    spans = [span_of(slot, SLOT, now) for slot in unique.tolist()]
    numbered = {span: number for number, span in enumerate(dict.fromkeys(spans))}
    owner = np.array([numbered[span] for span in spans], dtype=np.int64)[at]
    order = np.argsort(owner, kind="stable")
    edges = np.searchsorted(owner[order], np.arange(len(numbered) + 1))
    for (slot, seconds), number in numbered.items():
        yield slot, seconds, order[edges[number] : edges[number + 1]]


def _tallies(part: Logged, threshold: float, now: float) -> Iterator[Tally]:
    for slot, seconds, here in by_span(np.concatenate([part.slots, part.failed]), now):
        mine = here[here < len(part.slots)]
        scores, actuals = part.scores[mine], part.actuals[mine]
        clusters = clustered(part.buckets[mine], scores, actuals, threshold)
        sketch = sketch_of(scores, actuals, part.times[mine], len(here) - len(mine), clusters, part.decided(mine))
        yield Tally(part.key._replace(slot=slot, seconds=seconds), sketch, sketch.labelled, *ends(part.ids[mine]))


def _one_for_each_key(tallies: Iterable[Tally]) -> list[Tally]:
    """Tallies of one key and different decisions put together."""
    by_key: defaultdict[Key, list[Tally]] = defaultdict(list)
    for tally in tallies:
        by_key[tally.key].append(tally)
    return [_together(key, mine) for key, mine in by_key.items()]


def _together(key: Key, mine: Sequence[Tally]) -> Tally:
    firsts, lasts = [one.first for one in mine if one.first], [one.last for one in mine if one.last]
    sketch = Sketch.merged(one.sketch for one in mine)
    return Tally(key, sketch, sum(one.labelled for one in mine), min(firsts, default=None), max(lasts, default=None))


def pair_tallies(row: Any, threshold: float, now: float) -> Iterator[Tally]:
    """Return the pairs of one shadow and one answering version, one tally per span."""
    buckets, (mine, theirs, actuals) = integers(row.buckets), (floats(column) for column in (row.mine, row.theirs, row.actuals))
    for slot, seconds, here in by_span(_slots(row.ids), now):
        sketch: Sketch = pair_sketch(buckets[here], mine[here], theirs[here], actuals[here], threshold)
        yield Tally(Key(row.phase, row.model_version_id, "pair", row.other_id, slot, seconds), sketch, sketch.rows)


def ends(ids: NDArray[np.void]) -> tuple[UUID | None, UUID | None]:
    """Return the first and the last of ids as bytes."""
    if len(ids) == 0:
        return None, None
    them = np.frombuffer(ids.tobytes(), dtype=">u8").reshape(-1, 2)
    order = np.lexsort((them[:, 1], them[:, 0]))
    return UUID(bytes=ids[order[0]].tobytes()), UUID(bytes=ids[order[-1]].tobytes())


def _slots(ids: bytes) -> NDArray[np.int64]:
    seconds = (np.frombuffer(ids, dtype=">u8").reshape(-1, 2)[:, 0] >> np.uint64(16)).astype(np.int64) // 1000
    return np.asarray(seconds - seconds % SLOT, dtype=np.int64)


def integers(column: bytes) -> NDArray[np.int64]:
    """Return a column of int4, as PostgreSQL sends it."""
    return np.frombuffer(column, dtype=">i4").astype(np.int64)


def floats(column: bytes) -> Floats:
    """Return a column of float8, as PostgreSQL sends it."""
    return np.frombuffer(column, dtype=">f8").astype(np.float64)
