"""A log of many years is imported without a table for each of its weeks."""

import json
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from backend.actor import system
from backend.exchange import transfer
from backend.hub import Hub
from schemas.groups import Group
from schemas.log import ImportLog
from tests.support.predictions import logged
from tests.support.served import Served

WEEKS = 600


def line(number: int, at: datetime) -> str:
    said = {"request": json.dumps({"dataframe_records": [{"a": 1}]}), "response": json.dumps({"predictions": [0.5]}), "status_code": 200}
    return json.dumps(said | {"databricks_request_id": f"request-{number}", "timestamp_ms": int(at.timestamp() * 1000)})


async def partitions(hub: Hub, served: Served, group: Group) -> int:
    async with hub.work(system(served.tenant.admin.tenant_id), read_only=True) as work:
        return int((await work.session.execute(text("SELECT count(*) FROM list_log_partitions(:group)"), {"group": group.id})).scalar_one())


async def test_hundreds_of_weeks_of_long_ago_share_a_few_partitions_and_recent_ones_have_their_own(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    before = await partitions(hub, served, group)
    newest = datetime.now(UTC) - timedelta(days=30)
    lines = [line(number, newest - timedelta(weeks=number)) for number in range(WEEKS)]
    for start in range(0, WEEKS, 200):
        part = ImportLog(slug=group.slug, layout="databricks", lines=lines[start : start + 200])
        done = await transfer.import_lines(hub, served.tenant.admin, part)
        assert (done.rows, done.refused) == (200, [])
    recent, eras = 58 + 52, WEEKS // 52 + 1
    assert await partitions(hub, served, group) - before <= recent + eras
    assert len(await logged(hub, served.tenant, group)) == WEEKS
    again = await transfer.import_lines(hub, served.tenant.admin, ImportLog(slug=group.slug, layout="databricks", lines=lines[300:400]))
    assert (again.rows, again.known) == (0, 100)
