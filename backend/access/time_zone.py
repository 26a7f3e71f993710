"""The time zone of a tenant's schedules."""

from difflib import get_close_matches
from zoneinfo import available_timezones

from backend.access import actions, repository
from backend.access.errors import UnknownTimeZone
from backend.work.unit import UnitOfWork
from schemas.access import SetTimeZone, TenantTimeZone
from schemas.common import Issue


async def time_zone(work: UnitOfWork) -> TenantTimeZone:
    """Return the tenant's own time zone, and the hub's."""
    return TenantTimeZone(own=await repository.time_zone(work.session, work.tenant_id), hub=work.hub.settings.time_zone)


async def set_time_zone(work: UnitOfWork, input: SetTimeZone) -> TenantTimeZone:
    """Set the tenant's time zone, or (null) use the hub's. Workers follow within 30 seconds. Raises UnknownTimeZone."""
    if input.time_zone is not None:
        _check(input.time_zone)
    before = TenantTimeZone(own=await repository.time_zone(work.session, work.tenant_id, lock=True), hub=work.hub.settings.time_zone)
    await repository.set_time_zone(work.session, work.tenant_id, input.time_zone)
    after = TenantTimeZone(own=input.time_zone, hub=before.hub)
    work.audit(actions.ACCESS_SET_TIME_ZONE, f"tenant:{work.tenant_id}", before, after)
    return after


OF_THE_HOST = {"localtime", "posixrules", "Factory"}
"""Names of zone files that differ between hosts, or mean nothing."""


def _check(name: str) -> None:
    known = available_timezones() - OF_THE_HOST
    if name in known:
        return
    near = get_close_matches(name, known, 3, 0.7) or [one for one in sorted(known) if one.casefold() == name.casefold()]
    hint = f" Did you mean {' or '.join(near)}?" if near else ""
    message = f"There is no time zone {name!r}.{hint} Use an IANA name such as Europe/Berlin or UTC."
    raise UnknownTimeZone(message, issues=[Issue(pointer="/time_zone", message=message)])
