"""Updates the tallies in the transaction that writes a log: every inserted row, and each changed outcome."""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import numpy as np

from backend.ids import SHADOW_OF, shadow_id
from backend.numerics.statistics.binning import Ints
from backend.numerics.statistics.decided import Decided
from backend.numerics.statistics.estimate import Floats
from backend.numerics.statistics.sketch import Sketch, clustered, pair_sketch, sketch_of, told
from backend.tallies import queries
from backend.tallies.assignment import Draw, draws
from backend.tallies.tally import Key, Tally
from backend.work.unit import UnitOfWork

SLOT = 300
"""Seconds. Rows are tallied by the five minutes of their request; compaction merges old ones."""
CHANGED = (
    f"l.inference_id, l.phase, l.model_version_id, l.role, l.status, l.bucket, l.propensity, l.score, l.decision, (l.output->>'{SHADOW_OF}')::uuid AS shadow_of"
)
"""Columns of the log's row `l` that `add_outcomes` needs, beside `was` and `actual`."""
Columns = Mapping[str, Any]


class TallyUpdates:
    """Keeps the tallies equal to the log, as an observer of it."""

    async def on_rows(self, work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Columns]) -> None:
        """Tally inserted rows."""
        await add_rows(work, group_id, table, rows)

    async def on_outcomes(self, work: UnitOfWork, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
        """Tally changed outcomes of rows."""
        await add_outcomes(work, group_id, table, changes)

    async def on_erasure(self, work: UnitOfWork, group_id: UUID, table: str | None, correlations: Mapping[str, UUID]) -> int:
        """Do nothing: tallies contain no personal data."""
        return 0


async def add_rows(work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Columns]) -> None:
    """Tally inserted rows. None of them has its outcome yet."""
    lots = await draws(work, group_id, {row["phase"] for row in rows})
    by_key = _by_key(rows, lots)
    tallies = [_arrived(key, mine, lots[key.phase].threshold) for key, mine in by_key.items()]
    if any(lot.shadows for lot in lots.values()):
        tallies += await _met(work, group_id, table, rows, lots)
    await queries.add(work.session, work.tenant_id, group_id, tallies)


async def add_outcomes(work: UnitOfWork, group_id: UUID, table: str, changes: Sequence[Any]) -> None:
    """Tally rows whose outcome became `actual` and `was` another, or unknown."""
    rows = [row for row in (dict(change._mapping) for change in changes) if row["status"] in ("ok", "fallback") and row["score"] is not None]
    lots = await draws(work, group_id, {row["phase"] for row in rows})
    tallies = []
    for key, mine in _by_key(rows, lots).items():
        sketch = told(_buckets(mine), _column(mine, "score"), _column(mine, "was"), _column(mine, "actual"), lots[key.phase].threshold, _decisions(mine))
        tallies.append(Tally(key, sketch, sum(row["was"] is None for row in mine)))
    if copies := [row for row in rows if row["shadow_of"]]:
        tallies += await _judged(work, group_id, table, copies)
    await queries.add(work.session, work.tenant_id, group_id, tallies)


def slot_of(inference_id: UUID) -> int:
    """Return the start of an inference's slot; a shadow's copy has its answer's slot."""
    seconds = (inference_id.int >> 80) // 1000
    return int(seconds - seconds % SLOT)


def _by_key(rows: Iterable[Columns], lots: Mapping[int, Draw]) -> dict[Key, list[Columns]]:
    found: defaultdict[Key, list[Columns]] = defaultdict(list)
    for row in rows:
        if row["status"] == "refused":
            continue
        phase, version = row["phase"], row["model_version_id"]
        arm, other = lots[phase].arm(version, row["role"], row["status"], row["bucket"], row["propensity"])
        found[Key(phase, version, arm, other, slot_of(row["inference_id"]), SLOT)].append(row)
    return found


def _arrived(key: Key, rows: Sequence[Columns], threshold: float) -> Tally:
    answered = [row for row in rows if row["status"] != "failed"]
    ids = [row["inference_id"] for row in answered]
    scores, times, unknown = _column(answered, "score"), _column(answered, "latency_us"), np.full(len(answered), np.nan)
    buckets = _buckets(answered)
    clusters, counts = clustered(buckets, scores, unknown, threshold), Decided.of(_decisions(answered), buckets, unknown)
    sketch = sketch_of(scores, unknown, times, len(rows) - len(answered), clusters, counts)
    return Tally(key, sketch, 0, min(ids, default=None), max(ids, default=None))


async def _judged(work: UnitOfWork, group_id: UUID, table: str, copies: Sequence[Columns]) -> list[Tally]:
    """Return pairs of shadows' rows with changed outcomes, and the answers they copy."""
    answers = {row.inference_id: row for row in await queries.answered(work.session, table, [copy["shadow_of"] for copy in copies])}
    pairs = [(copy, answers[copy["shadow_of"]]) for copy in copies if copy["shadow_of"] in answers]
    return await _pairs(work, group_id, [(copy, answer.model_version_id, answer.score, copy["was"], copy["actual"]) for copy, answer in pairs])


async def _met(work: UnitOfWork, group_id: UUID, table: str, rows: Sequence[Columns], lots: Mapping[int, Draw]) -> list[Tally]:
    """Return pairs of answers that come after their shadows' rows got an outcome: an answer may have waited among the dead letters."""
    answers = {
        shadow_id(row["inference_id"], version): row
        for row in rows
        if row["role"] != "shadow" and row["status"] in ("ok", "fallback") and row["score"] is not None
        for version in lots[row["phase"]].shadows
    }
    found = await queries.labelled_copies(work.session, table, list(answers)) if answers else []
    pairs = [(dict(copy._mapping), answers[copy.inference_id]) for copy in found]
    return await _pairs(work, group_id, [(copy, answer["model_version_id"], answer["score"], None, copy["actual"]) for copy, answer in pairs])


async def _pairs(work: UnitOfWork, group_id: UUID, pairs: Sequence[tuple[Columns, UUID, float, float | None, float]]) -> list[Tally]:
    """Return tallies of pairs: the copy, the answer's version and score, and the outcome before and after."""
    if not pairs:
        return []
    lots = await draws(work, group_id, {pair[0]["phase"] for pair in pairs})
    by_key: defaultdict[Key, list[tuple[Columns, UUID, float, float | None, float]]] = defaultdict(list)
    for pair in pairs:
        copy = pair[0]
        by_key[Key(copy["phase"], copy["model_version_id"], "pair", pair[1], slot_of(copy["inference_id"]), SLOT)].append(pair)
    tallies = []
    for key, mine in by_key.items():
        parts = []
        for truth, sign in ((3, -1), (4, 1)):
            known = [pair for pair in mine if pair[truth] is not None]
            first, second, actual = (np.array(column, dtype=np.float64) for column in _triples(known, truth))
            parts.append(pair_sketch(_buckets([pair[0] for pair in known]), first, second, actual, lots[key.phase].threshold, sign))
        sketch = Sketch.merged(parts)
        tallies.append(Tally(key, sketch, sketch.rows))
    return tallies


def _triples(pairs: Sequence[tuple[Columns, UUID, float, float | None, float]], truth: int) -> tuple[list[Any], list[Any], list[Any]]:
    return [pair[0]["score"] for pair in pairs], [pair[2] for pair in pairs], [pair[truth] for pair in pairs]


def _buckets(rows: Sequence[Columns]) -> Ints:
    return np.array([row["bucket"] for row in rows], dtype=np.int64)


def _column(rows: Sequence[Columns], name: str) -> Floats:
    return np.array([math.nan if row[name] is None else row[name] for row in rows], dtype=np.float64)


def _decisions(rows: Sequence[Columns]) -> list[str | None]:
    return [row["decision"] for row in rows]
