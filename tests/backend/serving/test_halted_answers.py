"""What a halted version said before is not said again, and a halted shadow is not asked."""

import asyncio
from uuid import UUID, uuid4

import pytest

from backend.groups import log_policy
from backend.groups.halt import halt_version
from backend.hub import Hub
from backend.inference_log import intake
from backend.serving.errors import GroupHalted
from schemas.groups import HaltVersion, SetWhenUnlogged
from schemas.inference import PredictBody
from tests.support.group import serve_group
from tests.support.predictions import ask
from tests.support.tenants import Tenant

pytestmark = pytest.mark.busy


async def halt(hub: Hub, tenant: Tenant, version_id: UUID) -> None:
    async with hub.work(tenant.admin) as work:
        await halt_version(work, HaltVersion(version_id=version_id, reason="wrong data"))


async def test_a_retry_with_its_key_does_not_get_the_answer_of_a_version_halted_since(hub: Hub, tenant: Tenant) -> None:
    serving = await serve_group(hub, tenant, challenger_share=10_000)
    request = PredictBody(inputs=serving.inputs, idempotency_key=uuid4().hex)
    first = await ask(hub, tenant, serving.group, request)
    assert await ask(hub, tenant, serving.group, request) == first
    await halt(hub, tenant, serving.challenger.id)
    with pytest.raises(GroupHalted):
        await ask(hub, tenant, serving.group, request)


async def test_a_stale_answer_of_a_version_halted_since_is_not_given(hub: Hub, tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = await serve_group(hub, tenant, challenger_share=10_000)
    async with hub.work(tenant.admin) as work:
        await log_policy.set_when_unlogged(work, SetWhenUnlogged(slug=serving.group.slug, when_unlogged="stale", max_age_seconds=900))
    request = PredictBody(inputs=serving.inputs)
    await ask(hub, tenant, serving.group, request)
    await asyncio.sleep(0.3)  # the policy is looked for beside the first answer
    (last,) = await ask(hub, tenant, serving.group, request)
    monkeypatch.setattr(intake, "REDIS_SECONDS", 0.0)
    monkeypatch.setattr(intake, "POSTGRES_SECONDS", 0.0)
    (again,) = await ask(hub, tenant, serving.group, request)
    assert (again.stale, again.inference_id, again.role) == (True, last.inference_id, "challenger")
    await halt(hub, tenant, serving.challenger.id)
    with pytest.raises(GroupHalted):
        await ask(hub, tenant, serving.group, request)
