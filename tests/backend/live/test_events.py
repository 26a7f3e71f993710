"""Live events: numbered with their change, followed without a gap, heard by nobody else."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.actor import ANONYMOUS
from backend.adapters import redis_wakeups as wakeups
from backend.bootstrap import open_hub
from backend.declarations.events import EventKind
from backend.errors import Unauthorized
from backend.groups.events import GROUP_CHANGED
from backend.hub import Hub
from backend.live.service import START, Topic, follow, prune
from backend.runs import holding
from backend.runs import service as runs
from backend.runs.errors import RunNotFound
from backend.runs.events import RUN_CHANGED
from backend.settings import Settings
from backend.work.unit import UnitOfWork
from schemas.common import Shape
from schemas.runs import RunStatus, WatchRuns
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


class Thing(Shape, frozen=True, kw_only=True):
    """Something that is watched."""

    n: int


async def nothing(work: UnitOfWork) -> list[Thing]:
    return []


THINGS = Topic(EventKind("thing.changed", Thing, "A thing changed."), nothing)


async def change(hub: Hub, tenant: Tenant, *numbers: int, subject: str = "one") -> None:
    async with hub.work(tenant.admin) as work:
        for number in numbers:
            work.live(THINGS.kind, subject, Thing(n=number))


async def give_up(hub: Hub, tenant: Tenant) -> None:
    """Write an event, number and all, and roll it back."""
    with suppress(ZeroDivisionError):
        async with hub.work(tenant.admin) as work:
            work.live(THINGS.kind, "one", Thing(n=1))
            await work.finish()
            raise ZeroDivisionError


async def sequence(hub: Hub, tenant: Tenant) -> list[int]:
    async with hub.work(tenant.admin, read_only=True) as work:
        return list((await work.session.execute(text("SELECT seq FROM live_events ORDER BY seq"))).scalars())


async def take(items: AsyncGenerator[tuple[str, Thing], None], count: int, within: float = 5.0) -> list[tuple[str, int]]:
    async with asyncio.timeout(within):
        return [(said, thing.n) for said, thing in [await anext(items) for _ in range(count)]]


async def test_numbers_have_no_gap_whoever_writes_at_once_and_whatever_is_rolled_back(hub: Hub, tenant: Tenant) -> None:
    await asyncio.gather(*(change(hub, tenant, 1, 2, 3) if number % 3 else give_up(hub, tenant) for number in range(15)))
    assert await sequence(hub, tenant) == list(range(1, 31))


async def test_a_reader_misses_nothing_while_ten_write_and_it_is_cut_off_again_and_again(hub: Hub, tenant: Tenant) -> None:
    async def write(part: int) -> None:
        for at in range(20):
            await change(hub, tenant, part * 100 + at)
            await asyncio.sleep(0.005)

    writing = asyncio.gather(*(write(part) for part in range(10)))
    heard: list[int] = []
    last = "0"
    async with asyncio.timeout(30):
        while len(heard) < 200:
            async with aclosing(follow(hub, tenant.admin, THINGS, last)) as items:
                async for last, thing in items:  # noqa: B007  the next connection goes on after it
                    heard.append(thing.n)
                    if len(heard) % 7 == 0 or len(heard) == 200:
                        break
    await writing
    assert sorted(heard) == sorted(part * 100 + at for part in range(10) for at in range(20))
    assert last == "200"


async def test_an_event_of_another_process_arrives_at_once(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    async with open_hub(settings) as other, aclosing(follow(hub, tenant.admin, THINGS, "0")) as items:
        first = asyncio.create_task(anext(items))
        async with asyncio.timeout(5):
            while hub.wakeups.patience == wakeups.DEAF_SECONDS:
                await asyncio.sleep(0.01)
        await change(other, tenant, 7)
        async with asyncio.timeout(1):
            assert await first == ("1", Thing(n=7))


async def test_without_redis_an_event_arrives_a_little_later(tenant: Tenant, settings: Settings) -> None:
    gone = msgspec.structs.replace(settings, redis_url="redis://127.0.0.1:9/0")
    async with open_hub(gone) as deaf, open_hub(gone) as other, aclosing(follow(deaf, tenant.admin, THINGS, "0")) as items:
        first = asyncio.create_task(anext(items))
        await asyncio.sleep(0.2)
        await change(other, tenant, 7)
        async with asyncio.timeout(wakeups.DEAF_SECONDS + 2):
            assert await first == ("1", Thing(n=7))


async def test_what_was_rolled_back_is_never_told(hub: Hub, tenant: Tenant) -> None:
    async with aclosing(follow(hub, tenant.admin, THINGS, "0")) as items:
        await give_up(hub, tenant)
        await change(hub, tenant, 2)
        assert await take(items, 1) == [("1", 2)]


async def test_another_tenants_events_never_arrive(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    async with aclosing(follow(hub, tenant.admin, THINGS, "0")) as items:
        await change(hub, other_tenant, 1, 2, 3)
        await change(hub, tenant, 4)
        assert await take(items, 1) == [("1", 4)]
    with pytest.raises(Unauthorized):
        await anext(follow(hub, ANONYMOUS, THINGS, None))


async def test_one_subjects_watcher_hears_of_it_alone(hub: Hub, tenant: Tenant) -> None:
    topic = Topic(THINGS.kind, nothing, "two")
    async with aclosing(follow(hub, tenant.admin, topic, "0")) as items:
        await change(hub, tenant, 1, subject="one")
        await change(hub, tenant, 2, subject="two")
        assert await take(items, 1) == [("2", 2)]


async def test_who_was_away_for_longer_than_events_are_kept_is_told_how_things_are_now(hub: Hub, tenant: Tenant) -> None:
    async def now(work: UnitOfWork) -> list[Thing]:
        return [Thing(n=100), Thing(n=101)]

    await change(hub, tenant, 1, 2, 3)
    async with hub.work(tenant.admin) as work:
        old = "INSERT INTO live_events (tenant_id, seq, kind, subject, at) VALUES (:tenant, 4, 'thing.changed', 'old', now() - interval '25 hours')"
        await work.session.execute(text(old), {"tenant": work.tenant_id})
        await work.session.execute(text("UPDATE live_counters SET seq = 4"))
    await change(hub, tenant, 5)
    async with hub.work(ANONYMOUS) as work:
        assert await prune(work) >= 1
    assert await sequence(hub, tenant) == [1, 2, 3, 5]
    async with hub.work(tenant.admin) as work:
        with pytest.raises(ProgrammingError):
            await work.session.execute(text("DELETE FROM live_events"))
    topic = Topic(THINGS.kind, now)
    for unknown in (None, "", "6", "-1", "x", "1e3", "٣", "9" * 30):
        async with aclosing(follow(hub, tenant.admin, topic, unknown)) as items:
            assert await take(items, 2) == [(START, 100), ("5", 101)], unknown
    async with aclosing(follow(hub, tenant.admin, topic, "3")) as items:
        assert await take(items, 1) == [("5", 5)]


async def test_an_event_that_may_stand_for_others_is_written_once(hub: Hub, tenant: Tenant) -> None:
    for subject in ("one", "one", "two", "one"):
        async with hub.work(tenant.admin) as work:
            work.live(GROUP_CHANGED, subject, every=timedelta(minutes=1))
    assert await sequence(hub, tenant) == [1, 2]


async def test_an_event_is_as_old_as_its_writing_however_long_its_transaction_took(hub: Hub, tenant: Tenant) -> None:
    """One that is suppressed by it must have been on its way when it was written: readers look once more after just that long."""
    async with hub.work(tenant.admin) as slow:
        await asyncio.sleep(0.4)
        slow.live(GROUP_CHANGED, "one", every=timedelta(seconds=0.3))
        await change(hub, tenant, 1, subject="one")
    async with hub.work(tenant.admin) as again:
        again.live(GROUP_CHANGED, "one", every=timedelta(seconds=0.3))
    assert await sequence(hub, tenant) == [1, 2]
    async with hub.work(tenant.admin, read_only=True) as work:
        age = (await work.session.execute(text("SELECT clock_timestamp() - at FROM live_events WHERE seq = 2"))).scalar_one()
    assert age < timedelta(seconds=0.35)


async def test_an_event_cannot_be_changed_by_the_application(hub: Hub, tenant: Tenant) -> None:
    await change(hub, tenant, 1)
    async with hub.work(tenant.admin) as work:
        with pytest.raises(ProgrammingError):
            await work.session.execute(text("UPDATE live_events SET subject = 'other'"))


async def test_a_watcher_that_leaves_is_forgotten(hub: Hub, tenant: Tenant) -> None:
    for _ in range(3):
        items = follow(hub, tenant.admin, THINGS, "0")
        first = asyncio.ensure_future(anext(items))
        await asyncio.sleep(0.05)
        assert hub.wakeups.watching == 1
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await items.aclose()
        assert hub.wakeups.watching == 0


async def test_every_change_of_a_run_is_told(hub: Hub, tenant: Tenant) -> None:
    async with hub.work(tenant.admin) as work:
        before = await runs.start(work, "tests.before", "thing:0", {})
    async with aclosing(follow(hub, tenant.admin, runs.topic(WatchRuns()), None)) as items:
        _, first = await anext(items)
        assert first.id == before
        run_id = await _carry_out(hub, tenant)
        told = [(await anext(items))[1] for _ in range(4)]
    assert {one.id for one in told} == {run_id}
    assert [(one.status, one.percent, one.stage) for one in told] == [
        (RunStatus.QUEUED, None, None),
        (RunStatus.RUNNING, None, None),
        (RunStatus.RUNNING, 40.0, "half"),
        (RunStatus.SUCCEEDED, 100.0, "half"),
    ]
    async with hub.work(tenant.admin, read_only=True) as work:
        events = (await work.session.execute(text("SELECT kind FROM live_events"))).scalars().all()
    assert list(events) == [RUN_CHANGED.name] * 5, "a heartbeat alone is no change"


async def _carry_out(hub: Hub, tenant: Tenant) -> UUID:
    async with hub.work(tenant.admin) as work:
        run_id = await runs.start(work, "tests.work", "thing:1", {})
    async with hub.work(tenant.admin) as work:
        claimed = await holding.claim(work, run_id, "w1")
    assert claimed
    async with hub.work(tenant.admin) as work:
        assert await holding.standing(work, [claimed[0]], renew=True) == {run_id: False}
    async with hub.work(tenant.admin) as work:
        await holding.progress(work, claimed[0], 40.0, "half")
    async with hub.work(tenant.admin) as work:
        await holding.succeed(work, claimed[0], {"done": True})
    return run_id


async def test_one_run_is_followed_from_how_it_is_now_and_a_strangers_is_not(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    async with hub.work(tenant.admin) as work:
        run_id = await runs.start(work, "tests.work", "thing:1", {})
        await runs.start(work, "tests.work", "thing:2", {})
    async with aclosing(follow(hub, tenant.admin, runs.topic(WatchRuns(run_id=run_id)), None)) as items:
        assert (await anext(items))[1].id == run_id
    with pytest.raises(RunNotFound):
        await anext(follow(hub, other_tenant.admin, runs.topic(WatchRuns(run_id=run_id)), None))
