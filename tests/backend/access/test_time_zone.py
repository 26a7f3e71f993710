"""A tenant's time zone: set by an administrator, on record, refused in words when there is no such zone."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.access.errors import UnknownTimeZone
from backend.access.time_zone import set_time_zone, time_zone
from backend.hub import Hub
from backend.runs import ticks
from schemas.access import SetTimeZone, TenantTimeZone
from tests.support.tenants import Tenant


async def test_a_time_zone_is_set_taken_back_on_record_and_heard_of_by_the_schedules(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    mine = tenant.admin.tenant_id
    async with hub.work(tenant.admin, read_only=True) as work:
        assert await time_zone(work) == TenantTimeZone(own=None, hub="UTC")
    for name in ("Europe/Berlin", None):
        async with hub.work(tenant.admin) as work:
            assert (await set_time_zone(work, SetTimeZone(time_zone=name))).own == name
        async with hub.work(other_tenant.admin, read_only=True) as work:
            found = await ticks.zones(work)
        assert (found[mine], found[other_tenant.admin.tenant_id]) == (name, None)
    async with hub.work(tenant.admin, read_only=True) as work:
        entries = text(
            "SELECT before->>'own' AS before, after->>'own' AS after FROM audit_entries WHERE action = 'access.setTimeZone' AND tenant_id = :t ORDER BY seq"
        )
        said = [(row.before, row.after) for row in await work.session.execute(entries, {"t": mine})]
    assert said == [(None, "Europe/Berlin"), ("Europe/Berlin", None)]


@pytest.mark.parametrize(
    ("name", "hint"),
    [("Europe/Berlim", "Europe/Berlin"), ("europe/berlin", "Europe/Berlin"), ("../../etc/passwd", "IANA"), ("localtime", "IANA"), ("Mars", "IANA")],
)
async def test_what_is_no_zone_is_refused_with_its_place_and_the_zone_stays(hub: Hub, tenant: Tenant, name: str, hint: str) -> None:
    with pytest.raises(UnknownTimeZone, match=hint) as refused:
        async with hub.work(tenant.admin) as work:
            await set_time_zone(work, SetTimeZone(time_zone=name))
    assert [issue.pointer for issue in refused.value.issues] == ["/time_zone"]
    async with hub.work(tenant.admin, read_only=True) as work:
        assert (await time_zone(work)).own is None


async def test_the_application_changes_nothing_else_of_a_tenant(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with hub.work(tenant.admin) as work:
            await work.session.execute(text("UPDATE tenants SET name = 'mine' WHERE id = :t"), {"t": tenant.admin.tenant_id})
    async with hub.work(tenant.admin) as work:
        done = await work.session.execute(text("UPDATE tenants SET time_zone = 'UTC' WHERE id = :t RETURNING id"), {"t": other_tenant.admin.tenant_id})
        assert done.all() == []
