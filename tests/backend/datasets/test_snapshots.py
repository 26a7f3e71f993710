"""Files become immutable snapshots: typed, hashed by content, described."""

import io
from uuid import uuid4

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from backend.datasets import rows, service, uploads
from backend.datasets.errors import ColumnsUnclear, KeyReused, SnapshotNotFound
from backend.datasets.snapshot_files import fetch_snapshot
from backend.hub import Hub
from schemas.datasets import AppendRows, ColumnChoice, Condition, DatasetKind, DatasetRow, Derive, SealRows, SealUpload, SnapshotRef, SnapshotState
from tests.support.datasets import make_dataset, prepared, sealed, upload
from tests.support.served import Served
from tests.support.tenants import Tenant

HEADER = "id,decided,income,age,owner,region,defaulted\n"
ROWS = "".join(
    f"00{at},2026-0{1 + at % 6}-15,{at * 10.5},{20 + at % 50},{'true' if at % 2 else 'false'},{'north' if at % 3 else 'south'},{at % 2}\n" for at in range(300)
)
CSV = (HEADER + ROWS).encode()
ROLES = [{"name": "defaulted", "type": "integer", "role": "target"}, {"name": "id", "type": "text", "role": "entity"}]


async def test_a_csv_becomes_a_snapshot_with_its_schema_and_summary(hub: Hub, tenant: Tenant) -> None:
    snapshot = await sealed(hub, tenant.admin, "loans", CSV, ROLES)
    assert snapshot.state is SnapshotState.READY, snapshot.message
    assert [(one.name, one.type, one.role) for one in snapshot.columns] == [
        ("id", "text", "entity"),
        ("decided", "timestamp", "timestamp"),
        ("income", "number", "feature"),
        ("age", "integer", "feature"),
        ("owner", "boolean", "feature"),
        ("region", "category", "feature"),
        ("defaulted", "integer", "target"),
    ]
    assert snapshot.columns[5].categories == ["north", "south"]
    assert (snapshot.rows, str(snapshot.time_from)[:10], str(snapshot.time_to)[:10]) == (300, "2026-01-15", "2026-06-15")
    async with hub.work(tenant.admin) as work:
        quality = await service.quality(work, SnapshotRef(snapshot_id=snapshot.id))
        preview = await service.preview(work, SnapshotRef(snapshot_id=snapshot.id))
    assert preview.rows[7][:4] == ["007", "2026-02-15T00:00:00", 73.5, 27]
    assert [one.column for one in quality.suspects] == ["owner"]
    assert [(one.month, one.rows, one.mean) for one in quality.prevalence][:2] == [("2026-01", 50, 0.0), ("2026-02", 50, 1.0)]
    assert sum(one.count for one in quality.columns[2].histogram) == 300
    table = pq.read_table(fetch_snapshot(hub, snapshot))
    assert table.column("id")[7].as_py() == "007"


async def test_the_same_rows_have_the_same_hash_whatever_file_they_came_from(hub: Hub, tenant: Tenant) -> None:
    csv = await sealed(hub, tenant.admin, "from_csv", CSV, ROLES)
    table = pq.read_table(fetch_snapshot(hub, csv))
    parquet, arrow = io.BytesIO(), io.BytesIO()
    pq.write_table(table, parquet, row_group_size=37, compression="gzip", use_dictionary=False)
    with pa.ipc.new_file(arrow, table.schema) as writer:
        writer.write_table(table, max_chunksize=41)
    lines = "".join(
        f'{{"id":"00{at}","decided":"2026-0{1 + at % 6}-15","income":{at * 10.5},"age":{20 + at % 50},"owner":{"true" if at % 2 else "false"},'
        f'"region":"{"north" if at % 3 else "south"}","defaulted":{at % 2}}}\n'
        for at in range(300)
    )
    tsv = CSV.replace(b",", b"\t")
    others = {
        "rows.parquet": parquet.getvalue(),
        "rows.arrow": arrow.getvalue(),
        "rows.jsonl": lines.encode(),
        "rows.tsv": tsv,
        "semicolons.csv": CSV.replace(b",", b";"),
    }
    for at, (name, content) in enumerate(others.items()):
        other = await sealed(hub, tenant.admin, f"other_{at}", content, ROLES, name)
        assert (name, other.message, other.content_hash) == (name, None, csv.content_hash)
    changed = await sealed(hub, tenant.admin, "changed", CSV.replace(b"\n001,", b"\n01,"), ROLES)
    assert changed.content_hash != csv.content_hash


async def test_decimal_commas_are_asked_about_and_never_guessed(hub: Hub, tenant: Tenant) -> None:
    await make_dataset(hub, tenant.admin, "commas")
    content = b"amount;at\n1.234,50;2026-01-01\n7,25;2026-01-02\n"
    found = await upload(hub, tenant.admin, "commas", content)
    assert found.delimiter == ";"
    assert "decimal mark or the thousands separator?" in str(found.columns[0].question)
    async with hub.work(tenant.admin) as work:
        with pytest.raises(ColumnsUnclear, match="decimal mark"):
            await uploads.seal(work, SealUpload(upload_id=found.id))
    async with hub.work(tenant.admin) as work:
        choice = ColumnChoice(name="amount", type="number", number_format="decimal_comma")
        asked = await uploads.seal(work, SealUpload(upload_id=found.id, columns=[choice]))
    snapshot = await prepared(hub, tenant.admin, asked)
    assert pq.read_table(fetch_snapshot(hub, snapshot)).column("amount").to_pylist() == [1234.5, 7.25]


async def test_every_bad_cell_is_counted_and_the_first_are_shown_with_row_and_column(hub: Hub, tenant: Tenant) -> None:
    content = "when,x\n" + "2026-01-01,1\n" * 20_000 + "31.12.2025,2\n2026-01-02,1_000\n2026-02-30,007\n" + "2026-01-03,nope\n" * 500
    snapshot = await sealed(hub, tenant.admin, "bad", content.encode())
    assert (snapshot.state, snapshot.issue_count, len(snapshot.issues)) == (SnapshotState.FAILED, 504, 100)
    assert [(one.pointer, one.message) for one in snapshot.issues[:3]] == [
        ("/rows/20001/when", "Row 20001, column when: '31.12.2025' is no ISO date or time, such as 2026-12-01"),
        ("/rows/20002/x", "Row 20002, column x: '1_000' is no whole number"),
        ("/rows/20003/when", "Row 20003, column when: '2026-02-30' is no ISO date or time, such as 2026-12-01"),
    ]
    assert list(hub.files.list(f"datasets/{snapshot.id}")) == []


async def test_rows_with_too_few_or_too_many_cells_are_named(hub: Hub, tenant: Tenant) -> None:
    snapshot = await sealed(
        hub, tenant.admin, "ragged", b"a,b\n1,2\n3\n4,x\n5,6,7\n8,9\n", [{"name": "a", "type": "integer"}, {"name": "b", "type": "integer"}]
    )
    assert [one.message for one in snapshot.issues] == [
        "Row 2: the row has 1 cells, the header 2",
        "Row 3, column b: 'x' is no whole number",
        "Row 4: the row has 3 cells, the header 2",
    ]


async def test_times_with_an_offset_are_kept_in_utc(hub: Hub, tenant: Tenant) -> None:
    snapshot = await sealed(hub, tenant.admin, "offsets", b"at\n2026-01-01T10:00:00+02:00\n2026-01-01T10:00:00Z\n2026-01-01 10:00\n")
    assert [one.hour for one in pq.read_table(fetch_snapshot(hub, snapshot)).column("at").to_pylist()] == [8, 10, 10]


async def test_a_decision_log_takes_each_key_once_and_is_sealed(hub: Hub, tenant: Tenant) -> None:
    await make_dataset(hub, tenant.admin, "decided", DatasetKind.DECISION_LOG)
    given = [DatasetRow(key=f"k{at}", values={"income": at * 1.5, "code": f"0{at}", "approved": at % 2 == 0}) for at in range(60)]
    for expected in ((60, 0), (0, 60)):
        async with hub.work(tenant.admin) as work:
            receipt = await rows.append(work, AppendRows(slug="decided", rows=given))
        assert (receipt.appended, receipt.known, receipt.waiting) == (*expected, 60)
    with pytest.raises(KeyReused) as refused:
        async with hub.work(tenant.admin) as work:
            await rows.append(work, AppendRows(slug="decided", rows=[DatasetRow(key="k61", values={}), DatasetRow(key="k3", values={"income": 1})]))
    assert refused.value.issues[0].pointer == "/rows/1/key"
    async with hub.work(tenant.admin) as work:
        asked = await rows.seal(work, SealRows(slug="decided", columns=[ColumnChoice(name="approved", type="boolean", role="target")]))
    snapshot = await prepared(hub, tenant.admin, asked)
    assert {one.name: (one.type, one.role) for one in snapshot.columns} == {
        "income": ("number", "feature"),
        "code": ("text", "feature"),
        "approved": ("boolean", "target"),
    }
    assert snapshot.rows == 60


async def test_a_filter_and_a_sample_make_another_snapshot_that_names_its_source(hub: Hub, tenant: Tenant) -> None:
    parent = await sealed(hub, tenant.admin, "parent", CSV, ROLES)
    await make_dataset(hub, tenant.admin, "north", DatasetKind.DERIVED)
    conditions = [Condition(column="region", test="=", value="north"), Condition(column="decided", test=">=", value="2026-03-01")]
    hashes = []
    for _ in range(2):
        async with hub.work(tenant.admin) as work:
            asked = await rows.derive(work, Derive(slug="north", snapshot_id=parent.id, conditions=conditions, sample=0.5, seed=7))
        snapshot = await prepared(hub, tenant.admin, asked)
        hashes.append(snapshot.content_hash)
    assert hashes[0] == hashes[1]
    table = pq.read_table(fetch_snapshot(hub, snapshot))
    assert set(table.column("region").to_pylist()) == {"north"}
    assert 40 < table.num_rows < 100
    assert snapshot.source["content_hash"] == parent.content_hash


async def test_another_tenant_sees_nothing(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    snapshot = await sealed(hub, tenant.admin, "ours", CSV)
    async with hub.work(other_tenant.admin) as work:
        assert await service.list_datasets(work) == []
        with pytest.raises(SnapshotNotFound):
            await service.preview(work, SnapshotRef(snapshot_id=snapshot.id))


async def test_types_come_from_a_models_signature_where_there_is_one(hub: Hub, served: Served) -> None:
    slug = f"signed_{uuid4().hex[:6]}"
    await make_dataset(hub, served.tenant.admin, slug)
    name = served.serving.champion.document.features[0].name
    found = await upload(hub, served.tenant.admin, slug, f"{name},other\n1,1\n2,2\n".encode())
    async with hub.work(served.tenant.admin) as work:
        asked = await uploads.seal(work, SealUpload(upload_id=found.id, version_id=served.serving.champion.id))
    snapshot = await prepared(hub, served.tenant.admin, asked)
    assert [one.type for one in snapshot.columns] == [served.serving.champion.document.features[0].type, "integer"]
    assert snapshot.columns[0].type == "number"
