"""Schedules of tenants in their own time zones, in real workers: once a tick, also on days of 23 and 25 hours; missed ticks caught up once or skipped."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from backend.access.time_zone import set_time_zone
from backend.actor import Actor
from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.settings import Settings
from schemas.access import SetTimeZone
from tests.support import servers
from tests.support.clock import move_to
from tests.support.tenants import Tenant, new_tenant
from tests.support.worker import working
from tests.workers.test_trusted_runs import until

pytestmark = pytest.mark.busy

BEFORE = timedelta(seconds=3)
HUB_ZONE = "Asia/Kolkata"


@pytest.fixture
async def elsewhere(settings: Settings, template_database: str, worker_number: int, tmp_path: Path) -> AsyncIterator[Hub]:
    """A hub of the test's own: it moves the clock by months."""
    own = msgspec.structs.replace(
        settings,
        data_dir=tmp_path / "data",
        database_url=servers.database_url(f"zones_{worker_number}", template=template_database),
        redis_url=servers.redis_url(40 + worker_number),
        time_zone=HUB_ZONE,
    )
    async with open_hub(own) as hub:
        await hub.redis.flushdb()
        yield hub


async def live_in(hub: Hub, actor: Actor, zone: str | None) -> None:
    async with hub.work(actor) as work:
        await set_time_zone(work, SetTimeZone(time_zone=zone))


def utc(moment: str) -> datetime:
    return datetime.fromisoformat(f"{moment}:00+00:00")


async def seen(hub: Hub, what: str, tenant: Tenant) -> list[datetime]:
    return [datetime.fromisoformat(raw.decode()) for raw in await hub.redis.lrange(f"toy:{what}:{tenant.admin.tenant_id}", 0, -1)]


async def expect(hub: Hub, tenant: Tenant, caught_up: list[datetime], skipped: list[datetime]) -> None:
    """The ticks of the two schedules come to be these, and no others."""

    async def there() -> bool:
        return [len(await seen(hub, "caught_up", tenant)), len(await seen(hub, "skipped", tenant))] >= [len(caught_up), len(skipped)]

    await until(there)
    await asyncio.sleep(0.2)
    assert await seen(hub, "caught_up", tenant) == caught_up
    assert await seen(hub, "skipped", tenant) == skipped


async def reach(hub: Hub, tenant: Tenant, moment: datetime, caught_up: list[datetime], skipped: list[datetime]) -> None:
    """The clock comes to a moment that is a tick of both schedules; both lists grow by it."""
    await move_to(hub, moment - BEFORE)
    caught_up.append(moment)
    skipped.append(moment)
    await expect(hub, tenant, caught_up, skipped)


@pytest.mark.timeout(240)
async def test_ticks_come_once_a_night_in_each_tenants_zone_and_missed_ones_are_caught_up_once_or_skipped(elsewhere: Hub, tmp_path: Path) -> None:
    hub = elsewhere
    berlin, new_york, hubs = [await new_tenant(hub) for _ in range(3)]
    await live_in(hub, berlin.admin, "Europe/Berlin")
    await live_in(hub, new_york.admin, "America/New_York")
    ticks: dict[str, tuple[list[datetime], list[datetime]]] = {"berlin": ([], []), "new_york": ([], []), "hubs": ([], [])}

    def two_workers(stack: ExitStack) -> None:
        for number in range(2):
            stack.enter_context(working(hub.settings, tmp_path / f"{number}.log", TILTYARD_TIME_ZONE=HUB_ZONE, TILTYARD_REDIS_URL=str(hub.settings.redis_url)))

    await move_to(hub, utc("2027-03-26T20:00"))
    with ExitStack() as stack:
        two_workers(stack)
        await at_work(hub, 2)
        await reach(hub, hubs, utc("2027-03-26T21:00"), *ticks["hubs"])  # 02:30 in India
        await reach(hub, berlin, utc("2027-03-27T01:30"), *ticks["berlin"])
        await reach(hub, new_york, utc("2027-03-27T06:30"), *ticks["new_york"])
        await reach(hub, hubs, utc("2027-03-27T21:00"), *ticks["hubs"])
        await reach(hub, berlin, utc("2027-03-28T01:00"), *ticks["berlin"])  # 23 hours: there is no 02:30, so 03:00 stands for it
    await move_to(hub, utc("2027-10-30T12:00"))
    with ExitStack() as stack:
        two_workers(stack)
        for name, tenant, missed in (("berlin", berlin, "2027-10-30T00:30"), ("new_york", new_york, "2027-10-30T06:30"), ("hubs", hubs, "2027-10-29T21:00")):
            ticks[name][0].append(utc(missed))  # of 200 missed nights the last one
            await expect(hub, tenant, *ticks[name])
        await reach(hub, hubs, utc("2027-10-30T21:00"), *ticks["hubs"])
        await reach(hub, berlin, utc("2027-10-31T00:30"), *ticks["berlin"])  # 25 hours: 02:30 comes twice, the first counts
        await reach(hub, new_york, utc("2027-10-31T06:30"), *ticks["new_york"])
        await reach(hub, hubs, utc("2027-10-31T21:00"), *ticks["hubs"])
        await reach(hub, berlin, utc("2027-11-01T01:30"), *ticks["berlin"])


@pytest.mark.timeout(120)
async def test_a_zone_that_a_host_does_not_know_stops_no_other_tenants_ticks(elsewhere: Hub, tmp_path: Path) -> None:
    hub = elsewhere
    berlin, lost = [await new_tenant(hub) for _ in range(2)]
    await live_in(hub, berlin.admin, "Europe/Berlin")
    async with hub.work(lost.admin) as work:
        await work.session.execute(text("UPDATE tenants SET time_zone = 'Mars/Olympus'"))
    await move_to(hub, utc("2027-06-01T20:00"))
    with working(hub.settings, tmp_path / "worker.log", TILTYARD_TIME_ZONE=HUB_ZONE):
        await at_work(hub, 1)
        await reach(hub, lost, utc("2027-06-01T21:00"), [], [])
        await reach(hub, berlin, utc("2027-06-02T00:30"), [], [])
    assert "Mars/Olympus" in (tmp_path / "worker.log").read_text()


async def at_work(hub: Hub, workers: int) -> None:
    """Wait until so many workers have run their schedules for some seconds."""
    busy = text("SELECT count(*) = :n FROM (SELECT worker_id FROM schedule_ticks GROUP BY worker_id HAVING count(*) >= 3) AS busy")

    async def there() -> bool:
        async with hub.engine.connect() as connection:
            return bool((await connection.execute(busy, {"n": workers})).scalar_one())

    await until(there)
