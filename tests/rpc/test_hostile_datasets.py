"""Files of strangers over HTTP: each gets a clear answer of its own, and nothing of it is kept."""

import asyncio
import io
import resource
from collections.abc import AsyncIterator

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from backend.datasets import service
from backend.hub import Hub
from backend.settings import Settings
from schemas.datasets import DatasetSlug, SnapshotRef, SnapshotState
from tests.support.datasets import make_dataset, sealed
from tests.support.tenants import Tenant
from tests.support.web import client_of


@pytest.fixture
async def script(settings: Settings, hub: Hub, tenant: Tenant) -> AsyncIterator[httpx.AsyncClient]:
    """A script with the administrator's token, and a dataset to upload to."""
    await make_dataset(hub, tenant.admin, "strange")
    async with client_of(settings, tenant.token) as client:
        yield client


def parquet_of(table: pa.Table) -> bytes:
    written = io.BytesIO()
    pq.write_table(table, written)
    return written.getvalue()


HOSTILE = {
    "an empty file": (b"", "is empty"),
    "a header alone": (b"a,b\n", "no rows under its header"),
    "a million columns": (b",".join(b"c%d" % at for at in range(1_000_000)) + b"\n1\n", "Line 1 is longer than 2 MB"),
    "three thousand columns": (b",".join(b"c%d" % at for at in range(3000)) + b"\n1\n", "has 3,000 columns; a dataset may have 2,000"),
    "a cell of 40 MB": (b"a,b\n1," + b"x" * 40_000_000 + b"\n", "Line 2 is longer than 2 MB"),
    "two columns of one name": (b"a,A\n1,2\n", "Columns 1 and 2 have the same name"),
    "a column without a name": (b"a,,c\n1,2,3\n", "Column 2 has no name"),
    "UTF-16": ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
    "Latin-1": ("name,x\nMüller,1\n".encode("latin-1"), "not UTF-8: line 2"),
    "a workbook": (b"PK\x03\x04" + b"\x00" * 100, "Export the sheet as CSV"),
    "gzip": (b"\x1f\x8b\x08" + b"\x00" * 100, "Unpack it first"),
    "a JSON list": (b'[{"a": 1}]', "one JSON object per line"),
    "a cut Parquet file": (parquet_of(pa.table({"a": list(range(1000))}))[:-200], "cannot be read"),
    "a pickle": (b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00", "zero bytes"),
}


@pytest.mark.parametrize("what", HOSTILE)
async def test_a_hostile_file_is_refused_with_what_to_do_and_nothing_is_kept(script: httpx.AsyncClient, hub: Hub, what: str) -> None:
    content, says = HOSTILE[what]
    answer = await script.post("/v1/datasets/strange/files?name=rows", content=content)
    assert answer.status_code == 422, answer.text[:300]
    message = answer.json()["error"]["message"]
    assert says in message
    assert hub.files.list("dataset-uploads") == []
    assert list((hub.data_dir / "quarantine").iterdir()) == []
    assert (await script.get('/rpc/datasets.waiting?input={"slug":"strange"}')).json()["result"]["data"] == []


async def test_50_gigabytes_announced_are_refused_before_the_first_byte(script: httpx.AsyncClient, hub: Hub) -> None:
    sent = 0

    async def body() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 65_536
            yield b"x" * 65_536

    answer = await script.post("/v1/datasets/strange/files", content=body(), headers={"content-length": str(50 * 1024**3)})
    assert answer.status_code == 413
    assert "TILTYARD_MAX_DATASET_BYTES" in answer.json()["error"]["message"]
    assert sent <= 1_000_000


async def test_a_connection_dropped_at_half_leaves_nothing(script: httpx.AsyncClient, hub: Hub) -> None:
    begun = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"a,b\n" + b"1,2\n" * 1000
        begun.set()
        await asyncio.sleep(60)

    sending = asyncio.create_task(script.post("/v1/datasets/strange/files", content=body()))
    await begun.wait()
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert list((hub.data_dir / "quarantine").iterdir()) == []
    assert hub.files.list("dataset-uploads") == []


async def test_a_large_file_takes_no_memory_of_the_answering_process(script: httpx.AsyncClient) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    row = b"%d,some text of a row,1.5\n" % 7

    async def body() -> AsyncIterator[bytes]:
        yield b"a,b,c\n"
        for _ in range(150):
            yield row * 40_000

    answer = await script.post("/v1/datasets/strange/files?name=large.csv", content=body())
    assert answer.status_code == 200, answer.text
    assert answer.json()["size_bytes"] > 150_000_000
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 200


async def test_rows_are_appended_over_http_each_key_once(script: httpx.AsyncClient, hub: Hub, tenant: Tenant) -> None:
    await script.post("/rpc/datasets.create", json={"name": "Decided", "slug": "decided", "kind": "decision_log"})
    rows = {"rows": [{"key": "1", "values": {"income": 5}}, {"key": "2", "values": {"income": None}}]}
    first, again = [(await script.post("/v1/datasets/decided/rows", json=rows)).json() for _ in range(2)]
    assert (first, again) == ({"appended": 2, "known": 0, "waiting": 2}, {"appended": 0, "known": 2, "waiting": 2})
    refused = await script.post("/v1/datasets/decided/rows", content=b'{"rows": [{"key": "1", "values": {"income": NaN}}]}')
    assert refused.status_code == 400
    async with hub.work(tenant.admin) as work:
        assert (await service.get(work, DatasetSlug(slug="decided"))).waiting_rows == 2


async def test_strange_columns_are_described_in_words(hub: Hub, tenant: Tenant) -> None:
    """All missing, one class, a leaked target, mixed types, formulas: kept, and said."""
    header = "empty,target,leak,mixed,formula\n"
    content = header + "".join(f',1,{at},{at if at % 2 else "x"},=HYPERLINK("http://x.test")\n'.replace('"', "'") for at in range(60))
    snapshot = await sealed(hub, tenant.admin, "odd", content.encode(), [{"name": "target", "type": "integer", "role": "target"}])
    assert snapshot.state is SnapshotState.READY, snapshot.message
    async with hub.work(tenant.admin) as work:
        quality = await service.quality(work, SnapshotRef(snapshot_id=snapshot.id))
        preview = await service.preview(work, SnapshotRef(snapshot_id=snapshot.id))
    assert "empty has no value at all." in quality.warnings
    assert any("one class only" in said for said in quality.warnings)
    assert preview.rows[0][4] == "=HYPERLINK('http://x.test')"
    leaked = "".join(f"{at % 2},{at % 2 * 10 + 1},{at * 7 % 13}\n" for at in range(200))
    other = await sealed(hub, tenant.admin, "leaked", f"y,leak,fine\n{leaked}".encode(), [{"name": "y", "type": "integer", "role": "target"}])
    async with hub.work(tenant.admin) as work:
        assert [one.column for one in (await service.quality(work, SnapshotRef(snapshot_id=other.id))).suspects] == ["leak"]
