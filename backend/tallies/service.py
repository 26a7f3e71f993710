"""Tallies, for other slices."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from backend.numerics.statistics.sketch import Sketch
from backend.tallies import queries
from backend.tallies.tally import Key, Tally
from backend.work.unit import UnitOfWork


class RebuildDue(NamedTuple):
    """A group whose log still has to be tallied."""

    tenant_id: UUID
    group_id: UUID
    slug: str


async def of_phases(work: UnitOfWork, group_id: UUID, phases: Sequence[int]) -> list[Tally]:
    """Return the tallies of some phases of a group."""
    rows = await queries.of_phases(work.session, work.tenant_id, group_id, phases)
    return [
        Tally(Key(row.phase, row.version_id, row.arm, row.other_id, row.slot, row.seconds), Sketch.decode(row.sketch), row.labelled, row.first, row.last)
        for row in rows
    ]


async def random_counts(work: UnitOfWork, group_id: UUID, phase: int) -> dict[UUID, int]:
    """Count the predictions that each version has answered in a phase by random assignment."""
    return await queries.random_counts(work.session, work.tenant_id, group_id, phase)


async def replace(work: UnitOfWork, group_id: UUID, made: Sequence[Tally], begin: datetime | None) -> None:
    """Replace a group's tallies from `begin` on by `made` (None: replace none), and mark the group's rebuild as done."""
    before = await queries.keys_of(work.session, work.tenant_id, group_id) if begin else []
    stale = [row.id for row in before if begin and row.slot >= int(begin.timestamp())]
    await queries.take(work.session, work.tenant_id, stale)
    await queries.add(work.session, work.tenant_id, group_id, made, folded=True)
    await queries.rebuilt(work.session, work.tenant_id, group_id)


async def forget(work: UnitOfWork, group_id: UUID) -> None:
    """Remove all tallies of a group whose log is gone."""
    await queries.forget(work.session, work.tenant_id, group_id)


async def rebuild_wanted(work: UnitOfWork, group_id: UUID) -> bool:
    """Return whether the group's log still has to be tallied."""
    return await queries.rebuild_wanted(work.session, work.tenant_id, group_id)


async def ask_rebuild(work: UnitOfWork, group_id: UUID, run_id: UUID | None) -> None:
    """Record that a run tallies the group's log anew."""
    await queries.ask_rebuild(work.session, work.tenant_id, group_id, work.now, run_id)


async def rebuilds_due(work: UnitOfWork) -> list[RebuildDue]:
    """Return the groups of all tenants with a log to tally that no run is tallying."""
    return [RebuildDue(row.tenant_id, row.group_id, row.slug) for row in await queries.rebuilds_due(work.session)]
