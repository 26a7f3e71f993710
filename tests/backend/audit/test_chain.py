"""The audit log: written with the change, in a chain, changed by nobody."""

import asyncio

import asyncpg
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.audit import service
from backend.audit.rules import verify
from backend.hub import Hub
from backend.settings import Settings
from schemas.audit import AuditEntry, ListAudit, VerifyAudit
from tests.support.tenants import Tenant


async def change(hub: Hub, tenant: Tenant, subject: str, fail: bool = False) -> None:
    async with hub.work(tenant.admin) as work:
        work.audit("tests.change", subject, before={"share": 1.0, "big": 2**60}, after={"share": 0.25, "name": "é"})
        if fail:
            raise RuntimeError("the change fails")


async def entries(hub: Hub, tenant: Tenant, **narrow: str) -> list[AuditEntry]:
    async with hub.work(tenant.admin, read_only=True) as work:
        return (await service.browse(work, ListAudit(limit=500, **narrow))).items


async def test_concurrent_changes_make_one_chain_without_gaps(hub: Hub, tenant: Tenant) -> None:
    await asyncio.gather(*(change(hub, tenant, f"thing:{number}") for number in range(20)))
    found = await entries(hub, tenant, subject="thing:")
    assert len(found) == 20
    async with hub.work(tenant.admin, read_only=True) as work:
        verdict = await service.check(work, VerifyAudit())
        part = await service.check(work, VerifyAudit(from_seq=5, to_seq=9))
    assert verdict.ok
    assert verdict.checked == found[0].seq
    assert (part.ok, part.checked) == (True, 5)


async def test_a_change_that_fails_leaves_no_entry(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(RuntimeError):
        await change(hub, tenant, "thing:failed", fail=True)
    assert await entries(hub, tenant, subject="thing:failed") == []


async def test_two_tenants_have_chains_of_their_own(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    await change(hub, tenant, "thing:mine")
    assert await entries(hub, other_tenant, subject="thing:") == []


@pytest.mark.parametrize("statement", ["UPDATE audit_entries SET actor = 'x'", "DELETE FROM audit_entries", "TRUNCATE audit_entries"])
async def test_the_applications_role_cannot_change_it(hub: Hub, tenant: Tenant, statement: str) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with hub.work(tenant.admin) as work:
            await work.session.execute(text(statement))


async def test_an_entry_changed_behind_its_back_is_found(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    for number in range(5):
        await change(hub, tenant, f"thing:{number}")
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute("UPDATE audit_entries SET actor = 'somebody else' WHERE tenant_id = $1 AND subject = 'thing:2'", tenant.admin.tenant_id)
        changed = await owner.fetchval("SELECT seq FROM audit_entries WHERE tenant_id = $1 AND subject = 'thing:2'", tenant.admin.tenant_id)
    finally:
        await owner.close()
    async with hub.work(tenant.admin, read_only=True) as work:
        verdict = await service.check(work, VerifyAudit())
    assert not verdict.ok
    assert verdict.broken_at == changed


async def test_a_missing_entry_and_a_cut_off_beginning_are_found(hub: Hub, tenant: Tenant) -> None:
    for number in range(4):
        await change(hub, tenant, f"thing:{number}")
    chain = list(reversed(await entries(hub, tenant)))
    assert verify(chain[:1] + chain[2:], None, 1).missing == [2]
    assert verify(chain[1:], None, 1).missing == [1]
    forged = msgspec.structs.replace(chain[1], prev_hash="0" * 64)
    assert verify([chain[0], forged, *chain[2:]], None, 1).broken_at == 2
