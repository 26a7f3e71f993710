"""What a tenant cannot learn of the others, and of the machine; and who looked at whom."""

from uuid import uuid4

from sqlalchemy import text

from backend.access import people
from backend.exchange import transfer
from backend.groups import service as groups
from backend.health import health
from backend.hub import Hub
from backend.inference_log import browse, dead_letters
from backend.outcomes import orphans
from schemas.access import Role
from schemas.groups import CreateGroup, MemberSpec
from schemas.inference import BrowseInferences
from schemas.log import ExportLog, ListDeadLetters, ListOrphans
from tests.support.group import serve_group
from tests.support.tenants import Tenant, new_tenant


async def test_a_table_name_is_marked_whether_another_tenant_has_the_slug_or_not(hub: Hub, tenant: Tenant) -> None:
    """But for the first tenant of an installation, whose names are plain."""
    slug = f"g{uuid4().hex[:10]}"
    names = []
    for one in (await new_tenant(hub), await new_tenant(hub)):
        serving = await serve_group(hub, one)
        members = [MemberSpec(version_id=member.version_id, role=member.role, share=member.share) for member in serving.group.phase.members]
        async with hub.work(one.admin) as work:
            made = await groups.create(work, CreateGroup(name="Same", slug=slug, members=members))
        names.append(made.table_name)
    assert len({len(name) for name in names}) == 1, "both carry a mark of their own tenant"
    assert all(name.startswith(f"inference_log_{slug}_") for name in names)
    assert names[0] != names[1]


async def test_health_tells_host_and_process_to_those_who_may_see_them(hub: Hub, tenant: Tenant, monkeypatch: object) -> None:
    async with hub.work(tenant.admin) as work:
        await work.session.execute(
            text("INSERT INTO workers (worker_id, host, pid, started_at, seen_at) VALUES (:id, 'secret-host', 4711, now(), now())"),
            {"id": f"secret-host-4711-{uuid4().hex[:6]}"},
        )
        shown = (await health(work)).workers
    assert "secret-host" in {worker.host for worker in shown}
    async with hub.work(tenant.acting_as(Role.VIEWER), read_only=True) as work:
        hidden = (await health(work)).workers
    assert len(hidden) == len(shown)
    assert not any("secret-host" in repr(worker) or worker.pid for worker in hidden)


async def test_looking_at_predictions_is_on_record(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant)
    slug = serving.group.slug
    for _ in range(2):
        async with hub.work(tenant.admin, read_only=True) as work:
            await browse.browse(work, BrowseInferences(slug=slug))
        async with hub.work(tenant.admin, read_only=True) as work:
            await transfer.export(work, ExportLog(slug=slug, layout="kserve"))
    async with hub.work(tenant.admin, read_only=True) as work:
        said = (await work.session.execute(text("SELECT action FROM audit_entries WHERE subject = :group"), {"group": f"group:{slug}"})).scalars().all()
    assert (said.count("inference.exportLog"), said.count("inference.browse")) == (2, 1)


async def test_looking_at_dead_letters_orphans_and_people_is_on_record(hub: Hub, tenant: Tenant) -> None:
    slug = (await serve_group(hub, tenant)).group.slug
    for _ in range(2):
        async with hub.work(tenant.admin, read_only=True) as work:
            await dead_letters.list_letters(work, ListDeadLetters(slug=slug))
            await orphans.orphans(work, ListOrphans(slug=slug))
            await people.list_people(work)
    async with hub.work(tenant.admin, read_only=True) as work:
        said = (await work.session.execute(text("SELECT action FROM audit_entries"))).scalars().all()
    assert [said.count(f"{action}") for action in ("inference.deadLetters", "inference.orphans", "access.people.list")] == [1, 1, 1]
