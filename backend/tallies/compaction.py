"""Compaction: merges many appended tallies into few, and old ones into longer spans, so that reading costs the same for any number of rows.

A tally spans five minutes while its rows are young, an hour after three hours, a day after three days.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.actor import ANONYMOUS, system
from backend.db.locks import lock
from backend.hub import Hub
from backend.numerics.statistics.sketch import Sketch
from backend.tallies import queries
from backend.tallies.tally import Key, Tally
from backend.work.unit import UnitOfWork

FOLD_ABOVE = 40
"""A group with more appended tallies than this is compacted."""
HOUR, DAY = 3_600, 86_400
AGES = ((3 * DAY, DAY), (3 * HOUR, HOUR))
"""The age of a span's end, in seconds, from which it belongs to a span of that length."""


async def fold_waiting(hub: Hub) -> int:
    """Compact the groups that need it, of every tenant. Return their number."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        groups = await queries.backlog(work.session, FOLD_ABOVE)
    for group in groups:
        async with hub.work(system(group.tenant_id, "tally")) as work:
            await fold(work, group.group_id)
    return len(groups)


async def fold(work: UnitOfWork, group_id: UUID) -> None:
    """Compact a group's tallies. Tallies appended meanwhile wait for the next time."""
    await lock(work.session, f"tallies:{group_id}")
    wanted = _to_fold(await queries.keys_of(work.session, work.tenant_id, group_id), work.now.timestamp())
    if wanted:
        taken = await queries.take(work.session, work.tenant_id, wanted)
        await queries.add(work.session, work.tenant_id, group_id, folded(taken, work.now.timestamp()), folded=True)


def folded(rows: Sequence[Any], now: float) -> list[Tally]:
    """Return one tally per span and key."""
    by_key: defaultdict[Key, list[Any]] = defaultdict(list)
    for row in rows:
        by_key[_target(row, now)].append(row)
    return [_merged(key, mine) for key, mine in by_key.items()]


def span_of(slot: int, seconds: int, now: float) -> tuple[int, int]:
    """Return the start and length of the current span for a tally of `seconds` from `slot` (seconds since 1970).

    >>> span_of(7_200, 300, 7_500), span_of(7_200, 300, 7_200 + 5 * HOUR), span_of(7_200, 300, 10 * DAY)
    ((7200, 300), (7200, 3600), (0, 86400))
    """
    for age, length in AGES:
        start = slot - slot % length
        if length > seconds and start + length + age <= now:
            return start, length
    return slot, seconds


def _to_fold(rows: Sequence[Any], now: float) -> list[int]:
    """Return the ids of tallies to merge: appended ones, those that now belong to a longer span, and their partners."""
    by_key: defaultdict[Key, list[Any]] = defaultdict(list)
    for row in rows:
        by_key[_target(row, now)].append(row)
    moving = [mine for key, mine in by_key.items() if len(mine) > 1 or not mine[0].folded or mine[0].seconds != key.seconds]
    return [row.id for mine in moving for row in mine]


def _target(row: Any, now: float) -> Key:
    return Key(row.phase, row.version_id, row.arm, row.other_id, *span_of(row.slot, row.seconds, now))


def _merged(key: Key, rows: Sequence[Any]) -> Tally:
    firsts, lasts = [row.first for row in rows if row.first], [row.last for row in rows if row.last]
    sketch = Sketch.merged(Sketch.decode(row.sketch) for row in rows)
    return Tally(key, sketch, sum(row.labelled for row in rows), min(firsts, default=None), max(lasts, default=None))
