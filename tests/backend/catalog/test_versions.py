"""Models, versions, and artifacts from quarantine to ready."""

from pathlib import Path
from uuid import uuid4

import msgspec
import pytest

from backend.catalog import service
from backend.catalog.artifact_files import artifact_name
from backend.catalog.artifacts.errors import UnservableArtifact
from backend.catalog.errors import ArtifactPresent, FeaturesDisagree, ModelNotFound, SlugTaken, VersionNotFound, VersionTaken
from backend.catalog.upload import admit
from backend.hub import Hub
from schemas.catalog import CreateModel, CreateVersion, ListModels, ModelRef, Version, VersionRef, VersionState
from schemas.model_document import ModelDocument
from tests.support.credit import document, lightgbm_text
from tests.support.tenants import Tenant


async def new_version(hub: Hub, tenant: Tenant, version: str = "1.2", said: dict[str, object] | None = None, slug: str = "credit") -> Version:
    async with hub.work(tenant.admin) as work:
        if slug not in {model.slug for model in (await service.list_models(work, ListModels())).items}:
            await service.create_model(work, CreateModel(name="Credit Scoring", slug=slug))
        made = CreateVersion(model=slug, version=version, document=msgspec.convert(said or document(), ModelDocument))
        return await service.create_version(work, made)


async def upload(hub: Hub, tenant: Tenant, version: Version, content: bytes) -> Version:
    quarantined = hub.data_dir / f"upload-{uuid4().hex}"
    quarantined.write_bytes(content)
    try:
        return await admit(hub, tenant.admin, VersionRef(version_id=version.id), quarantined)
    finally:
        quarantined.unlink(missing_ok=True)


async def test_an_uploaded_model_is_pinned_and_ready(hub: Hub, tenant: Tenant) -> None:
    version = await new_version(hub, tenant)
    assert (version.state, version.label, version.version) == (VersionState.DRAFT, "v1.2", "1.2.0")
    ready = await upload(hub, tenant, version, lightgbm_text())
    assert ready.state is VersionState.READY
    assert ready.artifact is not None
    assert (hub.data_dir / artifact_name(ready.artifact.sha256)).read_bytes() == lightgbm_text()
    assert ready.document.algorithm is not None
    assert ready.document.algorithm.artifact_format == "lightgbm"


async def test_the_artifact_completes_a_document_that_names_no_features(hub: Hub, tenant: Tenant) -> None:
    version = await new_version(hub, tenant, said={"name": "Credit Scoring"})
    ready = await upload(hub, tenant, version, lightgbm_text())
    assert [feature.name for feature in ready.document.features] == ["limit_bal", "pay_1", "bill_amt1"]


async def test_a_document_of_other_features_is_refused_by_name_and_the_version_stays_a_draft(hub: Hub, tenant: Tenant) -> None:
    said = document()
    said["features"] = [{"name": "limit_bal"}, {"name": "pay_1"}, {"name": "income"}]
    version = await new_version(hub, tenant, said=said)
    with pytest.raises(FeaturesDisagree) as error:
        await upload(hub, tenant, version, lightgbm_text())
    assert {(issue.pointer, "income" in issue.message or "bill_amt1" in issue.message) for issue in error.value.issues} == {
        ("/features", True),
        ("/features/2/name", True),
    }
    async with hub.work(tenant.admin, read_only=True) as work:
        assert (await service.get_version(work, VersionRef(version_id=version.id))).state is VersionState.DRAFT


async def test_other_bytes_for_a_ready_version_are_refused(hub: Hub, tenant: Tenant) -> None:
    version = await new_version(hub, tenant)
    await upload(hub, tenant, version, lightgbm_text())
    with pytest.raises(ArtifactPresent):
        await upload(hub, tenant, version, lightgbm_text(trees=5))


def kept(hub: Hub) -> set[Path]:
    return set((hub.data_dir / "artifacts").rglob("*"))


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95pickle", lightgbm_text()[:-300], b"tree\nversion=v4\n" + b"x" * 500])
async def test_what_is_no_sound_model_is_refused_and_nothing_is_kept(hub: Hub, tenant: Tenant, content: bytes) -> None:
    version = await new_version(hub, tenant)
    before = kept(hub)
    with pytest.raises(UnservableArtifact):
        await upload(hub, tenant, version, content)
    assert kept(hub) == before


async def test_a_version_is_never_overwritten(hub: Hub, tenant: Tenant) -> None:
    await new_version(hub, tenant, "v1.2")
    with pytest.raises(VersionTaken):
        await new_version(hub, tenant, "1.2.0")


async def test_a_slug_is_taken_within_a_tenant_only(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    await new_version(hub, tenant)
    await new_version(hub, other_tenant)
    with pytest.raises(SlugTaken):
        async with hub.work(tenant.admin) as work:
            await service.create_model(work, CreateModel(name="Again", slug="credit"))


async def test_models_are_found_by_part_of_their_name_and_paged(hub: Hub, tenant: Tenant) -> None:
    for slug in ("alpha", "beta", "gamma"):
        await new_version(hub, tenant, slug=slug)
    async with hub.work(tenant.admin, read_only=True) as work:
        first = await service.list_models(work, ListModels(limit=2))
        second = await service.list_models(work, ListModels(limit=2, cursor=first.next_cursor))
        found = await service.list_models(work, ListModels(search="AMM"))
    assert [model.slug for model in first.items + second.items] == ["alpha", "beta", "gamma"]
    assert second.next_cursor is None
    assert [model.slug for model in found.items] == ["gamma"]


async def test_the_latest_version_is_the_highest_number(hub: Hub, tenant: Tenant) -> None:
    for version in ("1.9", "1.10", "1.2"):
        await new_version(hub, tenant, version)
    async with hub.work(tenant.admin, read_only=True) as work:
        assert (await service.get_model(work, ModelRef(slug="credit"))).latest_version == "v1.10"
        assert [version.label for version in await service.list_versions(work, ModelRef(slug="credit"))] == ["v1.10", "v1.9", "v1.2"]


async def test_another_tenants_models_cannot_be_reached(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    version = await new_version(hub, tenant)
    async with hub.work(other_tenant.admin, read_only=True) as work:
        assert (await service.list_models(work, ListModels())).items == []
        with pytest.raises(ModelNotFound):
            await service.get_model(work, ModelRef(slug="credit"))
        with pytest.raises(VersionNotFound):
            await service.get_version(work, VersionRef(version_id=version.id))
