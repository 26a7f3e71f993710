"""Schedules: times in zones, missed ticks, one run a tick."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import islice, takewhile
from zoneinfo import ZoneInfo

import pytest

from backend.actor import ANONYMOUS
from backend.hub import Hub
from backend.ids import new_id
from backend.runs import ticks
from backend.runs.cron import last_tick, next_tick, ticks_after, with_settings, zone
from backend.runs.kinds import Delays, Missed, RunKind, Schedule
from backend.runs.task import Task, Tick
from backend.settings import BadSetting
from schemas.common import Json
from tests.support.clock import moved

UTC_ZONE, BERLIN = ZoneInfo("UTC"), ZoneInfo("Europe/Berlin")


async def nothing(tick: Tick) -> None:
    return None


async def no_run(task: Task) -> Json:
    return None


def daily(missed: Missed) -> Schedule:
    return Schedule(name="tests.daily", cron="30 2 * * *", handler=nothing, missed=missed)


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_daily_tick_comes_once_a_day_also_when_the_clocks_change() -> None:
    spring = list(islice(ticks_after("30 2 * * *", datetime(2026, 3, 28, 12, tzinfo=UTC), BERLIN), 3))
    autumn = list(islice(ticks_after("30 2 * * *", datetime(2026, 10, 24, 12, tzinfo=UTC), BERLIN), 3))
    assert [one.astimezone(BERLIN).day for one in spring] == [29, 30, 31]
    assert [one.astimezone(BERLIN).day for one in autumn] == [25, 26, 27]


def test_days_of_23_and_25_hours_have_as_many_hourly_ticks() -> None:
    for day, hours in (("2027-03-28", 23), ("2027-10-31", 25), ("2027-06-01", 24)):
        start = datetime.fromisoformat(day).replace(tzinfo=BERLIN)
        hourly = [one for one in islice(ticks_after("0 * * * *", start - timedelta(seconds=1), BERLIN), 30) if one.astimezone(BERLIN).date() == start.date()]
        assert len(hourly) == hours, day


@pytest.mark.parametrize("cron", ["30 2 * * *", "0 3 * * *", "*/30 * * * *", "15 1,2 * * 0", "0 0 * * *"])
@pytest.mark.parametrize("name", ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Santiago", "UTC"])
def test_from_every_moment_the_tick_before_and_the_tick_after_are_those_of_one_list(cron: str, name: str) -> None:
    """Also in the hour that comes twice and in the hour that does not come."""
    where = ZoneInfo(name)
    for day in (date(2027, 3, 14), date(2027, 3, 28), date(2027, 4, 4), date(2027, 9, 5), date(2027, 10, 3), date(2027, 10, 31), date(2027, 11, 7)):
        begin = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=14)
        forward = list(takewhile(lambda one: one < begin + timedelta(days=10), ticks_after(cron, begin - timedelta(days=9), where)))  # noqa: B023
        for step in range(0, 2 * 24 * 60, 17):
            moment = begin + timedelta(minutes=step)
            assert last_tick(cron, moment, where) == max(one for one in forward if one < moment), moment
            assert next(ticks_after(cron, moment, where)) == min(one for one in forward if one > moment), moment


def test_seconds_come_first() -> None:
    assert [one.second for one in islice(ticks_after("2-59/20 * * * * *", at(1, 0), UTC_ZONE), 4)] == [2, 22, 42, 2]
    assert last_tick("*/10 * * * *", at(1, 12, 34), UTC_ZONE) == at(1, 12, 30)


def test_missed_ticks_are_caught_up_once_or_skipped() -> None:
    done, now = at(1, 2, 30), at(5, 12)
    assert next_tick(daily(Missed.CATCH_UP), done, now, UTC_ZONE) == at(5, 2, 30)
    assert next_tick(daily(Missed.CATCH_UP), at(5, 2, 30), now, UTC_ZONE) == at(6, 2, 30)
    assert next_tick(daily(Missed.SKIP), done, now, UTC_ZONE) == at(6, 2, 30)
    assert next_tick(daily(Missed.CATCH_UP), None, now, UTC_ZONE) == at(6, 2, 30), "what never ran has missed nothing"


def test_a_setting_replaces_times_and_says_what_is_wrong_with_it() -> None:
    there = {"tests.daily": daily(Missed.SKIP)}
    assert with_settings(there, " tests.daily = */5 * * * * * ; ")["tests.daily"].cron == "*/5 * * * * *"
    for said, part in (("nobody=* * * * *", "tests.daily"), ("tests.daily=61 * * * *", "Bad minute"), ("tests.daily=", "Five fields")):
        with pytest.raises(BadSetting, match=part):
            with_settings(there, said)
    with pytest.raises(BadSetting, match="Europe/Berlin"):
        zone("Mars/Olympus")


async def test_of_many_workers_one_gets_the_tick(hub: Hub) -> None:
    name = f"tests.{new_id()}"
    tick = hub.clock.now() - timedelta(seconds=1)

    async def attempt(worker: int) -> bool:
        async with hub.work(ANONYMOUS) as work:
            return await ticks.claim(work, name, None, tick, f"w{worker}")

    assert sum(await asyncio.gather(*(attempt(worker) for worker in range(8)))) == 1


async def test_a_tick_is_due_by_the_hubs_clock(hub: Hub) -> None:
    name = f"tests.{new_id()}"
    tick = hub.clock.now() + timedelta(hours=1)

    async def attempt() -> bool:
        async with hub.work(ANONYMOUS) as work:
            return await ticks.claim(work, name, None, tick, "w")

    assert not await attempt()
    async with moved(hub, timedelta(hours=2)):
        assert await attempt()


def test_retry_delays_follow_the_exceptions_nearest_class() -> None:
    delays: dict[type[BaseException], Delays] = {Exception: (timedelta(seconds=1), timedelta(seconds=2)), LookupError: (timedelta(seconds=9),), KeyError: ()}
    kind = RunKind(name="tests.kind", handler=no_run, attempts=4, retry_delays=delays)
    assert [kind.delay_after(ValueError(), attempt) for attempt in (1, 2, 3, 4)] == [*(timedelta(seconds=s) for s in (1, 2, 2)), None]
    assert kind.delay_after(IndexError(), 1) == timedelta(seconds=9)
    assert kind.delay_after(KeyError(), 1) is None
