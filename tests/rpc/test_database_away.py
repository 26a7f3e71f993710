"""PostgreSQL is gone, or goes in the middle of a call: whoever asks is told so, and not of an error inside the hub."""

import httpx
import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.db.availability import CUT_OFF, unless_away
from backend.errors import Unavailable
from backend.hub import Hub
from backend.settings import Settings
from tests.support.line import Wire
from tests.support.tenants import Tenant
from tests.support.web import client_of

pytestmark = pytest.mark.busy

OUTCOME = {"slug": "credit", "outcomes": [{"correlation_id": "a", "actual": True}]}


async def test_what_needs_a_database_that_is_gone_says_so(settings: Settings, tenant: Tenant, wire: Wire) -> None:
    async with client_of(msgspec.structs.replace(settings, app_database_url=wire.address), tenant.token) as client:
        asked = [("GET", "/rpc/models.list", None), ("POST", "/rpc/models.create", {"name": "Credit", "slug": "credit"}), ("POST", "/v1/outcomes", OUTCOME)]
        assert (await client.get("/rpc/models.list")).status_code == 200
        await wire.close()
        for method, path, body in asked:
            _told(await client.request(method, path, json=body))


def _told(answer: httpx.Response) -> None:
    error = answer.json()["error"]
    assert (answer.status_code, error.get("data", error)["code"]) == (503, "SERVICE_UNAVAILABLE"), error
    assert "the database is not answering" in error["message"].lower()
    assert "try again" in error["message"].lower()


async def test_a_connection_lost_in_the_middle_is_told_apart(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(Unavailable, match="in the middle") as told:
        async with unless_away(hub.work(tenant.admin)) as work:
            await work.session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
    assert told.value.message == CUT_OFF


async def test_other_faults_are_what_they_are(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(ProgrammingError):
        async with unless_away(hub.work(tenant.admin)) as work:
            await work.session.execute(text("SELECT nothing FROM nowhere"))
    with pytest.raises(OSError, match="disk"):
        async with unless_away(hub.work(tenant.admin)):
            raise OSError("the disk is full")
