"""A group that serves, made through the product's own use cases."""

from dataclasses import dataclass
from uuid import uuid4

import msgspec

from backend.catalog import service as catalog
from backend.catalog.upload import admit
from backend.groups import service as groups
from backend.hub import Hub
from schemas.catalog import CreateModel, CreateVersion, Version, VersionRef
from schemas.groups import CreateGroup, Group, MemberRole, MemberSpec
from schemas.model_document import ModelDocument
from tests.support.credit import applicants, document, lightgbm_text
from tests.support.tenants import Tenant


@dataclass(frozen=True)
class Serving:
    """A group with a champion (three features) and a challenger (four)."""

    group: Group
    model_slug: str
    champion: Version
    challenger: Version
    inputs: dict[str, float]
    """An applicant that both versions can score."""


async def ready_version(hub: Hub, tenant: Tenant, model_slug: str, number: str, wide: bool = False) -> Version:
    """A version with its artifact."""
    async with hub.work(tenant.admin) as work:
        said = msgspec.convert(document(wide=wide), ModelDocument)
        draft = await catalog.create_version(work, CreateVersion(model=model_slug, version=number, document=said))
    quarantined = hub.data_dir / f"upload-{uuid4().hex}"
    quarantined.write_bytes(lightgbm_text(wide))
    return await admit(hub, tenant.admin, VersionRef(version_id=draft.id), quarantined)


async def serve_group(hub: Hub, tenant: Tenant, slug: str | None = None, challenger_share: int = 1_000) -> Serving:
    """Two versions of one model in a new group."""
    model_slug = f"credit_{uuid4().hex[:8]}"
    async with hub.work(tenant.admin) as work:
        await catalog.create_model(work, CreateModel(name="Credit Scoring", slug=model_slug))
    champion = await ready_version(hub, tenant, model_slug, "1.2")
    challenger = await ready_version(hub, tenant, model_slug, "1.3", wide=True)
    members = [
        MemberSpec(version_id=champion.id, role=MemberRole.CHAMPION, share=10_000 - challenger_share),
        MemberSpec(version_id=challenger.id, role=MemberRole.CHALLENGER, share=challenger_share),
    ]
    async with hub.work(tenant.admin) as work:
        made = CreateGroup(name="Live credit scoring", slug=slug or f"live_{uuid4().hex[:8]}", members=members)
        group = await groups.create(work, made)
    names = [feature.name for feature in challenger.document.features]
    row = applicants(1, seed=99)[0][0]
    return Serving(group, model_slug, champion, challenger, dict(zip(names, map(float, row), strict=True)))
