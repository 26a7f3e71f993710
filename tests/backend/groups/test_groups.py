"""Groups: created with their log, split, promoted on evidence, deleted."""

import hashlib
from uuid import uuid4

import asyncpg
import msgspec
import pytest
import rfc8785

from backend.audit import service as audit
from backend.catalog import service as catalog
from backend.comparison import service as comparison
from backend.groups import service as groups
from backend.groups.delete import delete
from backend.groups.errors import (
    GroupNotFound,
    GroupSlugTaken,
    InvalidSplit,
    NotAChallenger,
    NotConfirmed,
    StaleEvidence,
    StalePhase,
    VersionNotReady,
)
from backend.hub import Hub
from backend.promotion.promote import list_promotions, promote
from backend.settings import Settings
from backend.work.audit_chain import plain
from schemas.audit import ListAudit
from schemas.catalog import CreateVersion
from schemas.groups import CreateGroup, DeleteGroup, Group, GroupRef, MemberRole, MemberSpec, SetSplit
from schemas.model_document import ModelDocument
from schemas.promotion import Promote, Promotion
from tests.support.credit import document
from tests.support.group import Serving, serve_group
from tests.support.tenants import Tenant


@pytest.fixture
async def serving(hub: Hub, tenant: Tenant) -> Serving:
    return await serve_group(hub, tenant)


def split(serving: Serving, challenger_share: int) -> list[MemberSpec]:
    return [
        MemberSpec(version_id=serving.champion.id, role=MemberRole.CHAMPION, share=10_000 - challenger_share),
        MemberSpec(version_id=serving.challenger.id, role=MemberRole.CHALLENGER, share=challenger_share),
    ]


async def set_split(hub: Hub, tenant: Tenant, serving: Serving, phase: int, challenger_share: int) -> Group:
    async with hub.work(tenant.admin) as work:
        return await groups.set_split(work, SetSplit(slug=serving.group.slug, phase=phase, members=split(serving, challenger_share)))


async def promote_challenger(hub: Hub, tenant: Tenant, serving: Serving, keep_old: int | None = None) -> Promotion:
    async with hub.work(tenant.admin, read_only=True) as work:
        shown = await comparison.compare(work, serving.group.slug, None)
    async with hub.work(tenant.admin) as work:
        said = Promote(slug=serving.group.slug, version_id=serving.challenger.id, evidence_id=shown.evidence_id, keep_old=keep_old, reason="better")
        return await promote(work, said)


async def test_a_group_has_a_log_table_of_its_own(hub: Hub, serving: Serving, settings: Settings) -> None:
    assert serving.group.table_name.startswith(f"inference_log_{serving.group.slug}")
    assert serving.group.endpoint == f"{settings.url}/v1/groups/{serving.group.slug}/predict"
    owner = await asyncpg.connect(settings.database_url)
    try:
        kind = await owner.fetchval("SELECT relkind FROM pg_class WHERE relname = $1", serving.group.table_name)
    finally:
        await owner.close()
    assert kind == b"p", "partitioned"


async def test_a_second_tenants_same_slug_gets_another_table(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    slug = f"twice_{uuid4().hex[:8]}"
    first, second = await serve_group(hub, tenant, slug), await serve_group(hub, other_tenant, slug)
    assert first.group.table_name.startswith(f"inference_log_{slug}")
    assert second.group.table_name != first.group.table_name
    async with hub.work(other_tenant.admin, read_only=True) as work:
        assert (await groups.get(work, GroupRef(slug=slug))).id == second.group.id


async def test_a_group_that_cannot_be_made_leaves_nothing(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async def create(slug: str, members: list[MemberSpec]) -> Group:
        async with hub.work(tenant.admin) as work:
            return await groups.create(work, CreateGroup(name="Second", slug=slug, members=members))

    with pytest.raises(GroupSlugTaken):
        await create(serving.group.slug, split(serving, 0))
    with pytest.raises(InvalidSplit) as unsound:
        await create("unsound", [MemberSpec(version_id=serving.champion.id, role=MemberRole.CHALLENGER, share=10)])
    assert len(unsound.value.issues) == 2
    async with hub.work(tenant.admin) as work:
        made = CreateVersion(model=serving.model_slug, version="2.0", document=msgspec.convert(document(), ModelDocument))
        draft = await catalog.create_version(work, made)
    with pytest.raises(VersionNotReady) as not_ready:
        await create("not_ready", [MemberSpec(version_id=draft.id, role=MemberRole.CHAMPION, share=10_000)])
    assert not_ready.value.issues[0].pointer == "/members/0/version_id"
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [group.slug for group in await groups.list_groups(work)] == [serving.group.slug]


async def test_a_new_split_opens_a_phase_and_a_stale_one_changes_nothing(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    changed = await set_split(hub, tenant, serving, 1, 5_000)
    assert (changed.phase.number, [member.share for member in changed.phase.members]) == (2, [5_000, 5_000])
    with pytest.raises(StalePhase) as stale:
        await set_split(hub, tenant, serving, 1, 2_000)
    assert stale.value.data == {"phase": 2}
    async with hub.work(tenant.admin, read_only=True) as work:
        assert [phase.number for phase in await groups.list_phases(work, GroupRef(slug=serving.group.slug))] == [2, 1]


async def test_a_promotion_keeps_the_evidence_it_was_based_on(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    promotion = await promote_challenger(hub, tenant, serving)
    phase = promotion.group.phase
    assert [(member.version_id, member.role, member.share) for member in phase.members] == [(serving.challenger.id, MemberRole.CHAMPION, 10_000)]
    async with hub.work(tenant.admin, read_only=True) as work:
        (record,) = await list_promotions(work, GroupRef(slug=serving.group.slug))
        entry = (await audit.browse(work, ListAudit(action="groups.promote"))).items[0]
    assert (record.from_label, record.to_label, record.phase, record.reason) == ("v1.2", "v1.3", phase.number, "better")
    assert record.evidence_hash == hashlib.sha256(rfc8785.dumps(plain(record.evidence))).hexdigest()
    assert entry.after["evidence_hash"] == promotion.evidence_hash == record.evidence_hash


async def test_the_old_champion_may_stay_as_a_challenger(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    promotion = await promote_challenger(hub, tenant, serving, keep_old=500)
    assert [(member.label, member.role, member.share) for member in promotion.group.phase.members] == [
        ("v1.3", MemberRole.CHAMPION, 9_500),
        ("v1.2", MemberRole.CHALLENGER, 500),
    ]


async def test_evidence_from_an_earlier_phase_or_from_nowhere_promotes_nobody(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with hub.work(tenant.admin, read_only=True) as work:
        shown = await comparison.compare(work, serving.group.slug, None)
    await set_split(hub, tenant, serving, 1, 2_000)
    for evidence_id in (shown.evidence_id, uuid4()):
        with pytest.raises(StaleEvidence):
            async with hub.work(tenant.admin) as work:
                await promote(work, Promote(slug=serving.group.slug, version_id=serving.challenger.id, evidence_id=evidence_id))
    async with hub.work(tenant.admin, read_only=True) as work:
        assert (await groups.get(work, GroupRef(slug=serving.group.slug))).phase.number == 2


async def test_the_champion_is_no_challenger(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    async with hub.work(tenant.admin, read_only=True) as work:
        shown = await comparison.compare(work, serving.group.slug, None)
    with pytest.raises(NotAChallenger):
        async with hub.work(tenant.admin) as work:
            await promote(work, Promote(slug=serving.group.slug, version_id=serving.champion.id, evidence_id=shown.evidence_id))


async def test_deleting_is_confirmed_by_the_slug_and_frees_it(hub: Hub, tenant: Tenant, serving: Serving) -> None:
    with pytest.raises(NotConfirmed):
        async with hub.work(tenant.admin) as work:
            await delete(work, DeleteGroup(slug=serving.group.slug, confirm="yes"))
    async with hub.work(tenant.admin) as work:
        deletion = await delete(work, DeleteGroup(slug=serving.group.slug, confirm=serving.group.slug))
    assert deletion.policy == "archive"
    async with hub.work(tenant.admin, read_only=True) as work:
        with pytest.raises(GroupNotFound):
            await groups.get(work, GroupRef(slug=serving.group.slug))
    again = await serve_group(hub, tenant, serving.group.slug)
    assert again.group.table_name != serving.group.table_name, "the old log may still be there"
