"""The lots of phases, kept in memory: small, and whole whatever is let go meanwhile."""

import sys
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from backend.groups import service as groups
from backend.hub import Hub
from backend.tallies import assignment
from schemas.groups import MemberSpec, SetSplit
from tests.support.served import Served


def member(role: str, share: int, *ranges: tuple[int, int]) -> Any:
    spans = [{"start": start, "end": end} for start, end in ranges]
    return SimpleNamespace(version_id=uuid4(), role=role, share=share, ranges=spans, threshold=0.5)


def test_a_lot_names_the_owner_of_each_bucket_one_by_one_and_many_at_once() -> None:
    champion, challenger, shadow = member("champion", 8_000, (0, 5_000)), member("challenger", 2_000, (8_000, 10_000)), member("shadow", 0)
    lot = assignment.draw([champion, challenger, shadow])
    expected = [challenger.version_id if bucket >= 8_000 else champion.version_id for bucket in range(10_000)]
    assert [lot.owner(bucket) for bucket in range(10_000)] == expected, "a bucket in no range is the champion's"
    assert [lot.versions[place] for place in lot.owners_of(np.arange(10_000, dtype=np.int32)).tolist()] == expected
    assert [lot.owner(-1), lot.owner(10_000)] == [None, None]
    assert lot.owners_of(np.array([-1, 10_000], dtype=np.int32)).tolist() == [assignment.NOBODY] * 2
    nobody = assignment.draw([])
    assert (nobody.owner(3), nobody.owners_of(np.array([3], dtype=np.int32)).tolist()) == (None, [assignment.NOBODY])


def test_all_lots_that_are_kept_take_some_ten_megabytes() -> None:
    lot = assignment.draw([member("champion", 5_000, (0, 5_000)), member("challenger", 5_000, (5_000, 10_000))])
    parts = (lot.owners, lot.versions, lot.shares, lot.shadows, *lot.versions)
    assert sum(map(sys.getsizeof, parts)) * assignment.MOST_KNOWN < 20e6


async def test_a_batch_over_known_and_new_phases_has_its_lots_though_older_ones_are_let_go(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group = await served.group(hub)
    members = [MemberSpec(version_id=one.version_id, role=one.role, share=5_000) for one in group.phase.members]
    for phase in (1, 2, 3):
        async with hub.work(served.tenant.admin) as work:
            await groups.set_split(work, SetSplit(slug=group.slug, phase=phase, members=members))
    monkeypatch.setattr(assignment, "MOST_KNOWN", 1)
    async with hub.work(served.tenant.admin, read_only=True) as work:
        for asked in ({1}, {2}, {1, 2, 3}, {2, 4, 99}):
            found = await assignment.draws(work, group.id, asked)
            assert {phase: bool(lot.versions) for phase, lot in found.items()} == {phase: phase != 99 for phase in asked}
    assert len(assignment._known) == 1
