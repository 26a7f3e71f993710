"""Clients that leave while the hub still looks up who they are cost nothing: no connection to the database, not a line in the log."""

import asyncio
import logging

import asyncpg
import pytest
from sqlalchemy import event

from backend.bootstrap import open_hub
from backend.settings import Settings
from rpc.core.http import Options, RpcApp
from rpc.host import ProductHost, cookie_name
from rpc.root import root
from tests.support.serving import asking, serving
from tests.support.tenants import new_tenant

pytestmark = pytest.mark.busy

LINES = "trpc-accept: application/jsonl"


@pytest.mark.parametrize("by", ["token", "cookie"])
@pytest.mark.parametrize(
    ("target", "header"), [("/rpc/access.me", "x-tiltyard: 1"), ("/rpc/alerts.onAlert", "x-tiltyard: 1"), ("/rpc/access.me,access.me?batch=1", LINES)]
)
async def test_leaving_in_the_middle_of_authentication_costs_no_connection(
    settings: Settings, caplog: pytest.LogCaptureFixture, target: str, header: str, by: str
) -> None:
    owner = await asyncpg.connect(settings.database_url)
    lost: list[object] = []
    async with open_hub(settings, pool_size=3) as hub:
        tenant = await new_tenant(hub)
        who = f"authorization: Bearer {tenant.token}" if by == "token" else f"cookie: {cookie_name(settings)}=nothing"
        for name in ("close", "invalidate", "close_detached"):
            event.listen(hub.engine.sync_engine.pool, name, lambda *told: lost.append(told))
        caplog.set_level(logging.WARNING)
        async with serving(RpcApp(root, ProductHost(hub), Options())) as port:
            async with owner.transaction():
                await owner.execute("LOCK TABLE api_tokens, sessions IN ACCESS EXCLUSIVE MODE")
                for _ in range(3):
                    async with asking(port, target, who, header):
                        await asyncio.sleep(0.3)
                await asyncio.sleep(0.3)
            async with asyncio.timeout(10):
                while hub.engine.pool.checkedout():  # type: ignore[attr-defined]
                    await asyncio.sleep(0.02)
        assert lost == []
        assert [record.getMessage() for record in caplog.records] == []
    await owner.close()
