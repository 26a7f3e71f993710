"""Times of cron expressions in a time zone."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from backend.runs.kinds import Missed, Schedule
from backend.settings import BadSetting


def zone(name: str) -> ZoneInfo:
    """Return a time zone by its IANA name (`Europe/Berlin`). Raises BadSetting."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadSetting(f"There is no time zone {name!r}. Use an IANA name such as Europe/Berlin or UTC.") from None


def ticks_after(cron: str, moment: datetime, where: ZoneInfo) -> Iterator[datetime]:
    """Return the expression's times after a moment, earliest first, in UTC. Around a change of the clocks they follow Debian's cron.

    In the hour that comes twice, CronSim also gives a time of the first hour. That time is before the moment and is left out.
    """
    return (utc for at in CronSim(cron, moment.astimezone(where)) if (utc := at.astimezone(UTC)) > moment)


def last_tick(cron: str, moment: datetime, where: ZoneInfo) -> datetime:
    """Return the expression's newest time before a moment, in UTC. In the hour that comes twice CronSim goes back too far; from there this goes forward."""
    found = next(CronSim(cron, moment.astimezone(where), reverse=True)).astimezone(UTC)
    for later in ticks_after(cron, found, where):
        if later >= moment:
            break
        found = later
    return found


def next_tick(schedule: Schedule, done: datetime | None, now: datetime, where: ZoneInfo) -> datetime:
    """Return the tick to run next; a past tick runs at once. `done` is the newest tick that ran, if any.

    Of the ticks missed since, `CATCH_UP` runs the newest and `SKIP` none.
    """
    if schedule.missed is Missed.CATCH_UP and done is not None and next(ticks_after(schedule.cron, done, where)) <= now:
        return max(last_tick(schedule.cron, now, where), next(ticks_after(schedule.cron, done, where)))
    return next(ticks_after(schedule.cron, max(now, done or now), where))


def with_settings(schedules: Mapping[str, Schedule], said: str) -> dict[str, Schedule]:
    """Return the schedules with the setting's expressions applied: `name=expression; name=expression`. Raises BadSetting."""
    found = dict(schedules)
    for entry in filter(None, (part.strip() for part in said.split(";"))):
        name, _, cron = (part.strip() for part in entry.partition("="))
        if name not in found:
            raise BadSetting(f"TILTYARD_SCHEDULES: there is no schedule {name!r}. The schedules are {', '.join(sorted(found))}.")
        found[name] = replace(found[name], cron=cron)
    for schedule in found.values():
        _check(schedule)
    return found


def _check(schedule: Schedule) -> None:
    try:
        next(CronSim(schedule.cron, datetime(2026, 1, 1, tzinfo=UTC)))
    except (CronSimError, StopIteration) as error:
        why = str(error) or "it never comes"
        raise BadSetting(
            f"TILTYARD_SCHEDULES: {schedule.cron!r} is no cron expression for {schedule.name} ({why}). "
            "Five fields (minute hour day month weekday), or six with the seconds first."
        ) from None
