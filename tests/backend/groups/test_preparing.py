"""A version is loaded and compiled before it takes traffic, and it shows that some process is not done with it."""

import asyncio
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import text

from backend.catalog import service as catalog
from backend.catalog.artifact_files import artifact_name
from backend.groups import service as groups
from backend.hub import Hub
from backend.runtimes.served_versions import Runtimes, facts_of
from backend.serving.routing.refresh import Routing
from schemas.catalog import Version, VersionRef
from schemas.groups import CreateGroup, GroupRef, MemberRole, MemberSpec
from tests.backend.catalog.test_versions import new_version, upload
from tests.support.credit import lightgbm_text
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


async def ready(hub: Hub, tenant: Tenant, number: str) -> Version:
    return await upload(hub, tenant, await new_version(hub, tenant, number, slug="preparing"), lightgbm_text())


async def test_a_version_that_is_served_is_compiled_already(hub: Hub, tenant: Tenant) -> None:
    """Before, the first explained answer waited for the tables: 10 s for 400 trees of 400 features."""
    version = await ready(hub, tenant, "1.0")
    assert version.artifact is not None
    kept = hub.files.fetch(artifact_name(version.artifact.sha256), version.artifact.sha256)
    for table in kept.parent.glob(f"{kept.name}*.table"):
        table.unlink()
    served = await Runtimes(hub.files).serve(facts_of(version))
    assert list(kept.parent.glob(f"{kept.name}*.table"))
    assert np.abs(served.explain(np.zeros((1, 3))).residual).max() < 1e-9


async def test_a_version_that_some_process_has_not_loaded_is_told_to_be_in_preparation(hub: Hub, tenant: Tenant) -> None:
    version = await ready(hub, tenant, "1.1")
    slug = f"preparing_{uuid4().hex[:8]}"
    process = uuid4()

    async def polls(loaded: list[object]) -> None:
        statement = text("SELECT routing_poll(:process, 'far', 1, clock_timestamp(), '{}', CAST(:loaded AS uuid[]))")
        async with hub.engine.begin() as connection:
            await connection.execute(statement, {"process": process, "loaded": loaded})

    async def told() -> tuple[bool, bool]:
        async with hub.work(tenant.admin, read_only=True) as work:
            group = await groups.get(work, GroupRef(slug=slug))
            place = (await catalog.get_version(work, VersionRef(version_id=version.id))).serving[0]
        return group.phase.members[0].preparing, place.preparing

    async with hub.work(tenant.admin) as work:
        members = [MemberSpec(version_id=version.id, role=MemberRole.CHAMPION, share=10_000)]
        await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))
    try:
        await polls([])
        assert await told() == (True, True)
        await polls([version.id])
        assert await told() == (False, False)
    finally:
        async with hub.engine.begin() as connection:
            await connection.execute(text("SELECT routing_leave(:process)"), {"process": process})


async def test_a_version_that_a_process_cannot_load_is_told_with_the_reason_and_not_in_preparation_for_ever(hub: Hub, tenant: Tenant) -> None:
    """Before, it was shown to be in preparation as long as the process lived."""
    version = await upload(hub, tenant, await new_version(hub, tenant, "1.2", slug="preparing"), lightgbm_text(trees=3))
    assert version.artifact is not None
    slug = f"preparing_{uuid4().hex[:8]}"
    async with hub.work(tenant.admin) as work:
        members = [MemberSpec(version_id=version.id, role=MemberRole.CHAMPION, share=10_000)]
        await groups.create(work, CreateGroup(name=slug, slug=slug, members=members))
    hub.files.fetch(artifact_name(version.artifact.sha256), version.artifact.sha256).unlink()
    routing = Routing(hub)
    await routing.start()
    try:
        for _ in range(200):
            async with hub.work(tenant.admin, read_only=True) as work:
                member = (await groups.get(work, GroupRef(slug=slug))).phase.members[0]
                place = (await catalog.get_version(work, VersionRef(version_id=version.id))).serving[0]
            if member.load_error:
                break
            await asyncio.sleep(0.05)
        assert (member.preparing, place.preparing) == (False, False)
        assert member.load_error == place.load_error
        assert member.load_error is not None
        assert "not in the data folder" in member.load_error
    finally:
        await routing.stop()
