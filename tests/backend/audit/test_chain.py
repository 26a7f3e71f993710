"""The audit log: written with the change, in a chain, changed by nobody."""

import asyncio
import struct
from random import Random

import asyncpg
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.audit import service
from backend.audit.errors import ChainIntact
from backend.audit.rules import ChainRow, verify
from backend.declarations.actions import AuditAction
from backend.hub import Hub
from backend.settings import Settings
from backend.work.audit_chain import PendingEntry, link
from schemas.audit import AuditEntry, AuditVerdict, ListAudit, ReanchorAudit, VerifyAudit
from schemas.common import Json
from tests.support.tenants import Tenant, new_tenant

CHANGE = AuditAction("tests.change", "A test changed something.")


async def change(hub: Hub, tenant: Tenant, subject: str, fail: bool = False) -> None:
    async with hub.work(tenant.admin) as work:
        work.audit(CHANGE, subject, before={"share": 1.0, "big": 2**60}, after={"share": 0.25, "name": "é"})
        if fail:
            raise RuntimeError("the change fails")


async def entries(hub: Hub, tenant: Tenant, **narrow: str) -> list[AuditEntry]:
    async with hub.work(tenant.admin, read_only=True) as work:
        return (await service.browse(work, ListAudit(limit=500, **narrow))).items


async def verdict_of(hub: Hub, tenant: Tenant) -> AuditVerdict:
    async with hub.work(tenant.admin, read_only=True) as work:
        return await service.check(work, VerifyAudit())


async def as_owner(settings: Settings, statement: str, *values: object) -> None:
    owner = await asyncpg.connect(settings.database_url)
    try:
        await owner.execute(statement, *values)
    finally:
        await owner.close()


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
    chain = [ChainRow(entry, None) for entry in reversed(await entries(hub, tenant))]
    assert verify(chain[:1] + chain[2:], None, 1).missing == [2]
    assert verify(chain[1:], None, 1).missing == [1]
    forged = ChainRow(msgspec.structs.replace(chain[1].entry, prev_hash="0" * 64), None)
    assert verify([chain[0], forged, *chain[2:]], None, 1).broken_at == 2


def json_value(random: Random, depth: int = 0) -> Json:
    """Any JSON that PostgreSQL can keep."""
    match random.randrange(7 if depth < 3 else 5):
        case 0:
            return random.choice([None, True, False])
        case 1:
            return random.randrange(-(2**80), 2**80) >> random.randrange(80)
        case 2:
            return struct.unpack("d", struct.pack("Q", random.randrange(0x7FE << 52)))[0] * random.choice([1, -1])
        case 3:
            return random.random() * 10 ** random.randrange(-20, 20)
        case 4:
            return "".join(chr(random.randrange(1, 0xD800)) for _ in range(random.randrange(6)))
        case 5:
            return [json_value(random, depth + 1) for _ in range(random.randrange(4))]
        case _:
            return {f"k{number}": json_value(random, depth + 1) for number in range(random.randrange(4))}


@pytest.mark.parametrize("kept", [True, False])
async def test_any_value_is_verified_after_it_was_read_back(hub: Hub, settings: Settings, kept: bool) -> None:
    tenant, random = await new_tenant(hub), Random(7)
    values: list[Json] = [1e16, -1e300, 5e-324, -0.0, 2**53, 2**53 - 1, -(2**63), 1e21, 0.1, {"a": [1e17, {"b": 123456789012345678}]}]
    values += [json_value(random) for _ in range(400)]
    async with hub.work(tenant.admin) as work:
        for value in values:
            work.audit(CHANGE, "thing:any", before={"value": value}, after=value)
    if not kept:  # as entries were before the bytes were kept
        await as_owner(settings, "UPDATE audit_entries SET canonical = NULL WHERE tenant_id = $1", tenant.admin.tenant_id)
    verdict = await verdict_of(hub, tenant)
    assert verdict.ok, (verdict, values[(verdict.broken_at or 1) - 1])


async def test_columns_that_say_other_than_the_kept_bytes_are_found(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    await change(hub, tenant, "thing:a")
    await as_owner(settings, "UPDATE audit_entries SET after = '{\"share\": 0.5}' WHERE tenant_id = $1 AND subject = 'thing:a'", tenant.admin.tenant_id)
    assert (await verdict_of(hub, tenant)).broken_at == (await entries(hub, tenant))[0].seq


@pytest.mark.parametrize(
    ("statement", "end"),
    [
        ("DELETE FROM audit_entries WHERE tenant_id = $1 AND seq >= 3", "cut"),
        ("DELETE FROM audit_entries WHERE tenant_id = $1", "cut"),
        ("UPDATE audit_entries SET hash = repeat('a', 64) WHERE tenant_id = $1 AND subject = 'thing:3'", "changed"),
    ],
)
async def test_a_chain_without_its_end_is_not_whole(hub: Hub, tenant: Tenant, settings: Settings, statement: str, end: str) -> None:
    for number in range(4):
        await change(hub, tenant, f"thing:{number}")
    assert (await verdict_of(hub, tenant)).end == "kept"
    await as_owner(settings, statement, tenant.admin.tenant_id)
    verdict = await verdict_of(hub, tenant)
    assert (verdict.ok, verdict.end) == (False, end)


async def test_a_chain_written_anew_with_right_hashes_does_not_meet_the_noted_end(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    await change(hub, tenant, "thing:a")
    entry = (await entries(hub, tenant))[0]
    forged, content = link(entry.seq, entry.prev_hash, entry.at, PendingEntry(actor="somebody else", action="tests.change", subject="thing:b"))
    changed = "actor = 'somebody else', actor_id = NULL, subject = 'thing:b', before = NULL, after = NULL, hash = $2, canonical = $3"
    statement = f"UPDATE audit_entries SET {changed} WHERE tenant_id = $1 AND seq = $4"
    await as_owner(settings, statement, tenant.admin.tenant_id, forged.hash, content, entry.seq)
    verdict = await verdict_of(hub, tenant)
    assert (verdict.broken_at, verdict.ok, verdict.end) == (None, False, "changed")


async def test_a_note_that_the_hub_did_not_sign_counts_for_nothing(hub: Hub, tenant: Tenant) -> None:
    await change(hub, tenant, "thing:a")
    note = hub.settings.data_dir / "audit-heads" / f"{tenant.admin.tenant_id}.json"
    assert note.stat().st_mode & 0o777 == 0o600
    note.write_text(note.read_text().replace('"seq":', '"seq":1'))
    assert (await verdict_of(hub, tenant)).end == "changed"


async def test_a_broken_span_is_accepted_by_a_signed_entry_while_it_stays_as_it_was_found(hub: Hub, tenant: Tenant, settings: Settings) -> None:
    for number in range(4):
        await change(hub, tenant, f"thing:{number}")
    with pytest.raises(ChainIntact):
        async with hub.work(tenant.admin) as work:
            await service.reanchor(work, ReanchorAudit(reason="nothing is broken here"))
    await as_owner(settings, "UPDATE audit_entries SET canonical = NULL, actor = 'spilt' WHERE tenant_id = $1 AND subject = 'thing:1'", tenant.admin.tenant_id)
    async with hub.work(tenant.admin) as work:
        await service.reanchor(work, ReanchorAudit(reason="restored from a damaged disk"))
    await change(hub, tenant, "thing:later")
    verdict = await verdict_of(hub, tenant)
    numbers = {entry.subject: entry.seq for entry in await entries(hub, tenant, subject="thing:")}
    assert (verdict.ok, verdict.reanchored) == (True, [[numbers["thing:1"], numbers["thing:3"]]])
    await as_owner(settings, "UPDATE audit_entries SET actor = 'again' WHERE tenant_id = $1 AND subject = 'thing:2'", tenant.admin.tenant_id)
    assert (await verdict_of(hub, tenant)).broken_at == numbers["thing:1"]
