"""Live comparisons of a group."""

import asyncio
import time
from collections.abc import AsyncGenerator
from uuid import UUID
from weakref import WeakValueDictionary

from backend.actor import Actor
from backend.comparison.service import compare
from backend.errors import Unauthorized
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.live.service import newest_of
from backend.uncancelled import undisturbed
from schemas.promotion import CompareGroup, Comparison

SPACING_SECONDS = 1.0
"""The shortest time between two comparisons for one watcher."""
SETTLE_SECONDS = 2.0
"""A change within a second of another sends no event. So everything is checked once more this long after the last event."""
EVIDENCE_AGES_SECONDS = 60.0
"""A quiet group is sent again this often, so that its evidence is never too old for a promotion."""

_turns: WeakValueDictionary[tuple[UUID, str, int | None, bool, bool], asyncio.Lock] = WeakValueDictionary()
"""Watchers of one comparison take turns: the first computes it for all, and at most one holds a connection."""


async def comparisons(hub: Hub, actor: Actor, input: CompareGroup) -> AsyncGenerator[tuple[int, Comparison], None]:
    """Yield the comparison now and at each change, with its event's number. Raises GroupNotFound, PhaseNotFound, Unauthorized.

    It always begins with the current comparison: a missed one does not matter.
    """
    if actor.tenant_id is None:
        raise Unauthorized
    turn = _turns.setdefault((actor.tenant_id, input.slug, input.phase, input.exact, input.pooled), asyncio.Lock())
    with hub.wakeups.watch(actor.tenant_id, GROUP_CHANGED.name, input.slug) as watch:
        shown, settled, last = -1, True, 0.0
        while True:
            watch.rest()
            looked = time.monotonic()
            due = last + (EVIDENCE_AGES_SECONDS if settled else SETTLE_SECONDS)
            async with turn:
                seq, found = await undisturbed(_look(hub, actor, input, shown if looked < due else None, looked))
            if found is not None:
                yield seq, found
                shown, settled, last = seq, seq == shown, time.monotonic()
                await asyncio.sleep(SPACING_SECONDS)
                continue
            await watch.wait(min(hub.wakeups.patience, max(due - time.monotonic(), 0.0)))


async def _look(hub: Hub, actor: Actor, input: CompareGroup, shown: int | None, looked: float) -> tuple[int, Comparison | None]:
    """Return the newest event's number, and the comparison unless that event was already shown.

    The number is read first, so the comparison includes the event's change.
    """
    async with hub.work(actor, read_only=True) as work:
        seq = await newest_of(work, GROUP_CHANGED, input.slug)
        return seq, None if seq == shown else await compare(work, input.slug, input.phase, looked, input.exact, input.pooled)
