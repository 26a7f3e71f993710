"""Snapshots of a group's log; erasure, legal hold and retention of datasets."""

from datetime import timedelta

import pyarrow.parquet as pq
import pytest

from backend.datasets import erasure, from_log, retention, rows, service
from backend.datasets.errors import DatasetHeld, SnapshotNotReady
from backend.datasets.snapshot_files import fetch_snapshot
from backend.hub import Hub
from backend.inference_log import retention as log_retention
from backend.outcomes import service as outcomes
from schemas.datasets import (
    AppendRows,
    ColumnChoice,
    DatasetKind,
    DatasetRow,
    EraseFromDataset,
    FromLog,
    SealRows,
    SetDatasetHold,
    SetDatasetRetention,
    SnapshotRef,
    SnapshotState,
)
from schemas.inference import Outcome, RecordOutcomes
from tests.backend.inference_log.test_retention import ref_of, set_rule
from tests.support.archives import add, old_record
from tests.support.datasets import make_dataset, prepared, read, sealed, upload
from tests.support.served import Served
from tests.support.tenants import Tenant

CSV = b"client,x,bad\n" + b"".join(b"c%d,%d,%d\n" % (at % 40, at, at % 2) for at in range(200))
ROLES = [{"name": "client", "type": "text", "role": "entity"}, {"name": "bad", "type": "integer", "role": "target"}]


async def test_a_groups_log_with_its_mature_outcomes_becomes_a_snapshot_archived_weeks_included(hub: Hub, served: Served) -> None:
    group, admin = await served.group(hub), served.tenant.admin
    await add(hub, group, [old_record(served, days, f"client-{at}") for at, days in enumerate([0, 0.5, 1.5, 12.5, 13])])
    async with hub.work(admin) as work:
        told = [Outcome(correlation_id=f"review-client-{at}", actual=at % 2) for at in (0, 2, 3, 4)]
        await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=told))
    await set_rule(hub, served, group, 2)
    assert await log_retention.keep_log(hub, await ref_of(hub, group)), "the old weeks are archived"
    slug = f"from_{group.slug}"
    await make_dataset(hub, admin, slug, DatasetKind.INFERENCE_LOG)
    async with hub.work(admin) as work:
        asked = await from_log.ask(work, FromLog(slug=slug, group=group.slug, mature_days=1))
    snapshot = await prepared(hub, admin, asked)
    assert snapshot.state is SnapshotState.READY, snapshot.message
    table = pq.read_table(fetch_snapshot(hub, snapshot))
    assert table.column("entity_key").to_pylist() == ["client-4", "client-3", "client-2"]
    assert table.column("outcome").to_pylist() == [0.0, 1.0, 0.0]
    facts = {one.name: (one.type, one.role) for one in snapshot.columns}
    assert (facts["outcome"], facts["requested_at"], facts["entity_key"]) == (("number", "target"), ("timestamp", "timestamp"), ("text", "entity"))
    assert facts["score"][1] == "ignore"
    assert all(facts[name] == ("number", "feature") for name in served.serving.inputs)


async def test_an_erasure_removes_the_entitys_rows_and_keeps_what_hash_and_count_were(hub: Hub, tenant: Tenant) -> None:
    before = await sealed(hub, tenant.admin, "erased", CSV, ROLES)
    asked = EraseFromDataset(slug="erased", entity_key="c7", confirm="c7", reason="request 12")
    async with hub.work(tenant.admin) as work:
        await service.set_legal_hold(work, SetDatasetHold(slug="erased", reason="case 9"))
    with pytest.raises(DatasetHeld, match="case 9"):
        async with hub.work(tenant.admin) as work:
            await erasure.erase(work, asked)
    async with hub.work(tenant.admin) as work:
        await service.set_legal_hold(work, SetDatasetHold(slug="erased"))
    async with hub.work(tenant.admin) as work:
        done = await erasure.erase(work, asked)
    assert (done.snapshots, done.rows) == (1, 5)
    after = await read(hub, tenant.admin, before.id)
    assert (after.rows, after.content_hash == before.content_hash) == (195, False)
    assert [(one.rows, one.rows_before, one.content_hash_before) for one in after.erasures] == [(5, 200, before.content_hash)]
    assert "c7" not in pq.read_table(fetch_snapshot(hub, after)).column("client").to_pylist()
    assert len(hub.files.list(f"datasets/{before.id}")) == 1, "the file with the entity is gone"
    async with hub.work(tenant.admin) as work:
        assert "c7" not in {row[0] for row in (await service.preview(work, SnapshotRef(snapshot_id=before.id))).rows}
        assert list(await erasure.erasures_of(work, [before.id])) == [before.id]
        again = await erasure.erase(work, asked)
    assert (again.snapshots, again.rows) == (0, 0)


async def test_an_erasure_reaches_appended_rows_and_the_last_entity_leaves_an_empty_snapshot(hub: Hub, tenant: Tenant) -> None:
    await make_dataset(hub, tenant.admin, "appended", DatasetKind.DECISION_LOG)
    given = [DatasetRow(key=str(at), values={"client": "only", "x": at}) for at in range(3)]
    async with hub.work(tenant.admin) as work:
        await rows.append(work, AppendRows(slug="appended", rows=given))
        asked = await rows.seal(work, SealRows(slug="appended", columns=[ColumnChoice(name="client", type="text", role="entity")]))
    snapshot = await prepared(hub, tenant.admin, asked)
    async with hub.work(tenant.admin) as work:
        done = await erasure.erase(work, EraseFromDataset(slug="appended", entity_key="only", confirm="only", reason="request 13"))
    assert (done.rows, done.appended_rows) == (3, 3)
    after = await read(hub, tenant.admin, snapshot.id)
    assert (after.state, after.rows, after.erasures[0].rows_before) == (SnapshotState.EXPIRED, 0, 3)


async def test_what_is_past_its_time_goes_and_hash_and_count_stay(hub: Hub, tenant: Tenant) -> None:
    snapshot = await sealed(hub, tenant.admin, "old", CSV, ROLES)
    waiting = await upload(hub, tenant.admin, "old", CSV)
    async with hub.work(tenant.admin) as work:
        await service.set_retention(work, SetDatasetRetention(slug="old", days=30))
    await retention.keep_datasets(hub, tenant.admin)
    assert (await read(hub, tenant.admin, snapshot.id)).state is SnapshotState.READY
    await retention.keep_datasets(hub, tenant.admin, later=timedelta(days=31))
    after = await read(hub, tenant.admin, snapshot.id)
    assert (after.state, after.rows, after.content_hash) == (SnapshotState.EXPIRED, 200, snapshot.content_hash)
    assert hub.files.list(f"datasets/{snapshot.id}") == []
    assert hub.files.size(f"dataset-uploads/{waiting.id}") is None
    with pytest.raises(SnapshotNotReady):
        async with hub.work(tenant.admin) as work:
            await service.preview(work, SnapshotRef(snapshot_id=snapshot.id))
