"""Predictions in this process, and their drain, as in the product's own processes."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
from sqlalchemy import text

from backend.actor import system
from backend.db.identifiers import quoted
from backend.hub import Hub
from backend.inference_log.drain import Drainer
from backend.inference_log.redis.keys import stream_key
from backend.inference_log.sweep import explain_group
from rpc.predict import DataPlane
from schemas.groups import Group
from schemas.inference import PredictBody, Prediction
from tests.support.tenants import Tenant


@asynccontextmanager
async def data_plane(hub: Hub, token: str | None) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the hub's data plane, with a token or none."""
    async with DataPlane.open(hub) as plane:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        transport = httpx.ASGITransport(app=plane, raise_app_exceptions=True)
        async with httpx.AsyncClient(transport=transport, base_url="http://hub", headers=headers) as client:
            yield client


async def ask(hub: Hub, tenant: Tenant, group: Group, body: PredictBody) -> list[Prediction]:
    """Return predictions made by the domain itself."""
    answer = await hub.serving.predictor(hub).predict(tenant.admin, group.slug, body)
    return answer if isinstance(answer, list) else [answer]


async def drain(hub: Hub, group: Group) -> int:
    """Move everything from the intake into the log, and wait for the explanations. Return the number of entries."""
    drainer = Drainer(hub)
    moved = await drainer.drain(group.id, 30)
    assert await hub.redis.xlen(stream_key(group.id)) == 0
    deadline = time.monotonic() + 60
    while await explain_group(hub, drainer.explainer, group.id):  # the explainer may still have been compiling
        assert time.monotonic() < deadline, "rows stay without their explanations"
    return moved


async def logged(hub: Hub, tenant: Tenant, group: Group) -> dict[UUID, dict[str, object]]:
    """The group's log, by inference id."""
    async with hub.work(system(tenant.admin.tenant_id), read_only=True) as work:
        rows = (await work.session.execute(text(f"SELECT * FROM {quoted(group.table_name)}"))).all()
    found = {row.inference_id: dict(row._mapping) for row in rows}
    assert len(found) == len(rows)
    return found
