"""Who answers whom: buckets, ranges, and the table every process holds."""

import asyncio
import math
import time
from collections import Counter
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.groups import service as groups
from backend.groups.buckets import BUCKETS, MemberFacts, bucket_of, owners
from backend.groups.propagation import LEASE_SECONDS
from backend.groups.rules import allocate
from backend.hub import Hub
from backend.serving.routing.refresh import Routing
from backend.serving.routing.table import GroupFacts
from schemas.groups import BucketRange, MemberSpec, SetSplit
from schemas.inference import PredictBody
from tests.support.group import serve_group
from tests.support.predictions import ask
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


def members_of(shares: dict[UUID, int], ranges: dict[UUID, list[BucketRange]]) -> list[MemberFacts]:
    return [
        MemberFacts(version_id=version, role="champion" if at == 0 else "challenger", share=share, ranges=ranges[version])
        for at, (version, share) in enumerate(shares.items())
    ]


@st.composite
def splits(draw: st.DrawFn) -> dict[UUID, int]:
    cuts = sorted(draw(st.lists(st.integers(0, BUCKETS), min_size=1, max_size=5)))
    shares = [end - start for start, end in zip([0, *cuts], [*cuts, BUCKETS], strict=True)]
    return {UUID(int=at + 1): share for at, share in enumerate(shares)}


@given(splits(), splits())
def test_every_bucket_has_one_owner_in_its_share_and_only_what_changes_hands_moves(first: dict[UUID, int], second: dict[UUID, int]) -> None:
    before = allocate({}, first)
    after = allocate(before, second)
    for shares, ranges in ((first, before), (second, after)):
        members = members_of(shares, ranges)
        owned = Counter(members[at].version_id for at in owners(members))
        assert owned == Counter({version: share for version, share in shares.items() if share})
    old, new = owners(members_of(first, before)), owners(members_of(second, after))
    names_old, names_new = list(first), list(second)
    moved = sum(names_old[a] != names_new[b] for a, b in zip(old, new, strict=True))
    assert moved == sum(max(0, share - second.get(version, 0)) for version, share in first.items())


def test_ten_thousand_keys_are_split_as_asked_within_three_sigma() -> None:
    for salt in ("a", "b", "c", "2f9d"):
        buckets = [bucket_of(salt, f"client-{number}") for number in range(10_000)]
        low = sum(bucket < 9_000 for bucket in buckets)
        assert abs(low - 9_000) < 3 * math.sqrt(10_000 * 0.9 * 0.1)


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_key_always_falls_into_the_same_bucket(salt: str, key: str) -> None:
    assert 0 <= bucket_of(salt, key) == bucket_of(salt, key) < BUCKETS


async def test_a_change_is_known_here_before_its_caller_is_answered_and_elsewhere_soon_after(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    here, elsewhere = Routing(hub), Routing(hub)
    await here.start()
    await elsewhere.start()
    hub.routing_watchers.append(here.refresh)
    key = (tenant.admin.tenant_id, serving.group.slug)
    try:
        before = here.table.groups[key]
        members = [MemberSpec(version_id=m.version_id, role=m.role, share=5_000) for m in serving.group.phase.members]
        async with hub.work(tenant.admin) as work:
            await groups.set_split(work, SetSplit(slug=serving.group.slug, phase=1, members=members))
        assert here.table.groups[key].facts.phase == 2
        assert {m.served for m in here.table.groups[key].members} == {m.served for m in before.members}, "loaded versions stay loaded"
        for _ in range(100):
            if elsewhere.table.groups[key].facts.phase == 2:
                break
            await asyncio.sleep(0.01)
        assert elsewhere.table.groups[key].facts.phase == 2
    finally:
        await here.stop()
        await elsewhere.stop()


async def test_a_group_nobody_changed_is_kept_as_it_was_when_another_comes(hub: Hub, tenant: Tenant) -> None:
    first = await serve_group(hub, tenant)
    routing = Routing(hub)
    await routing.refresh()
    key = (tenant.admin.tenant_id, first.group.slug)
    before = routing.table.groups[key]
    second = await serve_group(hub, tenant)
    await routing.refresh()
    assert routing.table.groups[key] is before
    assert (tenant.admin.tenant_id, second.group.slug) in routing.table.groups
    assert routing.table.find(uuid4(), first.group.slug) is None


async def test_a_process_that_does_not_watch_answers_though_reading_the_table_took_longer_than_a_lease(
    hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    serving = await serve_group(hub, tenant)
    route = Routing._route

    def slowly(self: Routing, stamp: str, rows: list[dict[str, Any]]) -> list[GroupFacts]:
        time.sleep(LEASE_SECONDS + 0.3)
        return route(self, stamp, rows)

    monkeypatch.setattr(Routing, "_route", slowly)
    assert len(await ask(hub, tenant, serving.group, PredictBody(inputs=serving.inputs))) == 1
