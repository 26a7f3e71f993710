"""Lines of a foreign log, read outside of transactions, and many of them in a process of their own."""

import asyncio
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.pool import QueuePool

from backend.exchange import transfer
from backend.exchange.told_rows import told_rows
from backend.hub import Hub
from tests.support.procedures import do
from tests.support.served import Served


def line(number: int, **more: Any) -> str:
    at = datetime.now(UTC) - timedelta(days=2, seconds=number)
    said = {
        "databricks_request_id": f"request {number}", "client_request_id": f"loan {number}", "timestamp_ms": int(at.timestamp() * 1000), "status_code": 200,
        "execution_time_ms": 12, "request": json.dumps({"dataframe_records": [{"age": number, "Zürich": None}]}),
        "response": json.dumps({"predictions": [0.25]}), "request_metadata": {"model_version": "1.0", "actual": "1.0"}, **more,
    }  # fmt: skip
    return json.dumps(said)


LINES = [line(1), "no JSON", line(2, timestamp_ms=4), line(3, request="[]"), line(4, client_request_id=None)]


async def test_lines_that_are_read_in_a_process_of_their_own_become_the_same_rows(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    receipts = []
    for small in (1 << 30, 0):
        monkeypatch.setattr(transfer, "SMALL_CHARACTERS", small)
        group = await served.group(hub)
        receipts.append(await do(hub, served.tenant.admin, "inference.importLog", {"slug": group.slug, "layout": "databricks", "lines": LINES}))
    assert receipts[0] == receipts[1]
    assert (receipts[0]["rows"], receipts[0]["refused_total"]) == (2, 3)


async def test_nothing_is_read_within_a_transaction(hub: Hub, served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    group, reading, goes_on = await served.group(hub), threading.Event(), threading.Event()

    def slowly(*given: Any) -> Any:
        reading.set()
        goes_on.wait(60)
        return told_rows(*given)

    monkeypatch.setattr(transfer, "told_rows", slowly)
    bringing = asyncio.create_task(do(hub, served.tenant.admin, "inference.importLog", {"slug": group.slug, "layout": "databricks", "lines": LINES}))
    await asyncio.to_thread(reading.wait, 60)
    pool = hub.engine.pool
    assert isinstance(pool, QueuePool)
    assert pool.checkedout() == 0
    goes_on.set()
    assert (await bringing)["rows"] == 2
