"""What stays of a log and what goes: retention by weeks, legal hold, erasure of an entity."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from backend.actor import system
from backend.groups import delete, log_policy
from backend.groups import service as groups
from backend.groups.errors import LegalHold, NotConfirmed
from backend.hub import Hub
from backend.ids import first_id_at
from backend.inference_log import archive, dead_letters, erasure, retention
from backend.inference_log.record import FIELD, encode
from backend.inference_log.redis.keys import stream_key
from backend.inference_log.refs import LogRef, log_refs
from backend.inference_log.rows import rows_of
from backend.inference_log.writer import Partitions, write
from backend.outcomes import service as outcomes
from backend.runs import service as runs
from schemas.groups import CreateGroup, DeleteGroup, Group, MemberRole, MemberSpec, SetLegalHold, SetRetention
from schemas.inference import Outcome, PredictBody, RecordOutcomes
from schemas.log import EraseEntity
from schemas.runs import CancelRun, RunStatus
from tests.support.log_records import manifest_beside, record
from tests.support.predictions import ask, drain, logged
from tests.support.served import Served

WEEK = timedelta(weeks=1)


async def ref_of(hub: Hub, group: Group) -> LogRef:
    return next(ref for ref in await log_refs(hub) if ref.group_id == group.id)


async def with_old_rows(hub: Hub, served: Served, days: Sequence[float], **changes: Any) -> Group:
    """A group with rows that are so many days old."""
    group = await served.group(hub)
    ref = await ref_of(hub, group)
    facts = {"version_id": served.serving.champion.id, "inputs": served.serving.inputs, **changes}
    made = [record(inference_id=first_id_at(datetime.now(UTC) - timedelta(days=age)), **facts) for age in days]
    await Partitions(hub).cover(ref, [one.inference_id for one in made])
    async with hub.work(ref.actor) as work:
        assert await write(work, ref, rows_of(made, {}, work.now)) == []
    return group


async def set_rule(hub: Hub, served: Served, group: Group, days: int | None, policy: str = "archive") -> None:
    async with hub.work(served.tenant.admin) as work:
        changed = await log_policy.set_retention(work, SetRetention(slug=group.slug, days=days, policy=policy))  # type: ignore[arg-type]
    assert changed.log.retention_days == days


async def test_weeks_past_the_rule_are_archived_verified_and_dropped_and_young_rows_stay(hub: Hub, served: Served) -> None:
    group = await with_old_rows(hub, served, [13, 12.5, 12, 0])
    await set_rule(hub, served, group, 2)
    gone = await retention.keep_log(hub, await ref_of(hub, group))
    assert len(gone) >= 1
    left = await logged(hub, served.tenant, group)
    assert all(row["requested_at"] > datetime.now(UTC) - timedelta(days=9) for row in left.values())  # type: ignore[operator]
    files = sorted((hub.data_dir / "archives" / str(group.id)).glob("week-*.parquet"))
    manifests = [manifest_beside(path) for path in files]
    assert sum(manifest.rows for manifest in manifests if manifest) + len(left) == 4
    for path, manifest in zip(files, manifests, strict=True):
        assert manifest is not None
        assert hashlib.sha256(path.read_bytes()).hexdigest() == manifest.sha256
        assert pq.read_metadata(path).num_rows == manifest.rows
    async with hub.work(served.tenant.admin, read_only=True) as work:
        said = (
            (
                await work.session.execute(
                    text("SELECT before FROM audit_entries WHERE action = 'inference.retention' AND subject = :s"), {"s": f"group:{group.slug}"}
                )
            )
            .scalars()
            .all()
        )
    assert {entry["archive"]["sha256"] for entry in said} == {manifest.sha256 for manifest in manifests if manifest}


async def test_without_archive_old_weeks_are_dropped_and_without_a_rule_nothing_goes(hub: Hub, served: Served) -> None:
    group = await with_old_rows(hub, served, [13, 0])
    assert await retention.keep_log(hub, await ref_of(hub, group)) == []
    await set_rule(hub, served, group, 2, "drop")
    assert await retention.keep_log(hub, await ref_of(hub, group))
    assert len(await logged(hub, served.tenant, group)) == 1
    assert not list((hub.data_dir / "archives" / str(group.id)).glob("*"))


async def test_the_database_itself_refuses_to_drop_what_the_rule_keeps(hub: Hub, served: Served) -> None:
    group = await with_old_rows(hub, served, [13])
    async with hub.work(system(served.tenant.admin.tenant_id), read_only=True) as work:
        weeks = (await work.session.execute(text("SELECT name FROM list_log_partitions(:g) ORDER BY first"), {"g": group.id})).scalars().all()
    for days in (None, 30):
        await set_rule(hub, served, group, days)
        with pytest.raises(DBAPIError, match="is to be kept"):
            async with hub.work(served.tenant.admin) as work:
                await work.session.execute(text("SELECT drop_log_partition(:g, :p)"), {"g": group.id, "p": weeks[0]})
    assert len(await logged(hub, served.tenant, group)) == 1


async def test_a_legal_hold_stops_retention_deletion_and_erasure_until_it_is_lifted(hub: Hub, served: Served) -> None:
    group = await with_old_rows(hub, served, [13], entity_key="client-1")
    await set_rule(hub, served, group, 2)
    async with hub.work(served.tenant.admin) as work:
        held = await log_policy.set_legal_hold(work, SetLegalHold(slug=group.slug, reason="case 17"))
    assert held.log.legal_hold == "case 17"
    assert await retention.keep_log(hub, await ref_of(hub, group)) == []
    with pytest.raises(LegalHold, match="case 17"):
        async with hub.work(served.tenant.admin) as work:
            await delete.delete(work, DeleteGroup(slug=group.slug, confirm=group.slug))
    with pytest.raises(LegalHold):
        await erase(hub, served, group, "client-1")
    assert len(await logged(hub, served.tenant, group)) == 1
    async with hub.work(served.tenant.admin) as work:
        await log_policy.set_legal_hold(work, SetLegalHold(slug=group.slug))
    assert await retention.keep_log(hub, await ref_of(hub, group))


async def hold(hub: Hub, served: Served, group: Group, reason: str | None) -> Group:
    async with hub.work(served.tenant.admin) as work:
        return await log_policy.set_legal_hold(work, SetLegalHold(slug=group.slug, reason=reason))


@pytest.mark.parametrize("ended", [RunStatus.FAILED, RunStatus.CANCELLED])
async def test_a_hold_set_after_the_deletion_keeps_the_log_from_being_dropped_until_it_is_lifted(hub: Hub, served: Served, ended: RunStatus) -> None:
    group = await with_old_rows(hub, served, [0])
    async with hub.work(served.tenant.admin) as work:
        deletion = await delete.delete(work, DeleteGroup(slug=group.slug, confirm=group.slug, policy="delete", grace_hours=0))
    assert (await hold(hub, served, group, "case 18")).log.legal_hold == "case 18"
    with pytest.raises(LegalHold, match="case 18"):
        await archive.drop(hub, system(served.tenant.admin.tenant_id), group.id)
    assert len(await logged(hub, served.tenant, group)) == 1
    async with hub.work(served.tenant.admin) as work:
        if ended is RunStatus.CANCELLED:
            assert (await runs.cancel(work, CancelRun(run_id=deletion.run_id))).status is ended
        else:
            await work.session.execute(text("UPDATE runs SET status = 'failed' WHERE id = :r"), {"r": deletion.run_id})
    assert (await hold(hub, served, group, None)).log.legal_hold is None
    async with hub.work(served.tenant.admin) as work:
        again = (await work.session.execute(text("SELECT id, kind FROM runs WHERE args->>'group_id' = :g AND status = 'queued'"), {"g": str(group.id)})).one()
    assert (again.id != deletion.run_id, again.kind) == (True, "groups.drop")
    assert await archive.drop(hub, system(served.tenant.admin.tenant_id), group.id)


async def test_a_hold_is_on_all_logs_of_a_name_and_a_grace_that_is_not_over_stays(hub: Hub, served: Served) -> None:
    first = await served.group(hub)
    async with hub.work(served.tenant.admin) as work:
        await delete.delete(work, DeleteGroup(slug=first.slug, confirm=first.slug, policy="delete"))
    async with hub.work(served.tenant.admin) as work:
        second = await groups.create(work, CreateGroup(name="again", slug=first.slug, members=[member_of(first)]))
    assert (await hold(hub, served, first, "case 19")).id == second.id
    async with hub.work(served.tenant.admin) as work:
        held = (await work.session.execute(text("SELECT legal_hold FROM groups WHERE slug = :s"), {"s": first.slug})).scalars().all()
    assert held == ["case 19", "case 19"]
    await hold(hub, served, first, None)
    async with hub.work(served.tenant.admin) as work:
        found = (await work.session.execute(text("SELECT status FROM runs WHERE args->>'group_id' = :g"), {"g": str(first.id)})).scalars().all()
    assert found == ["queued"], "only the one that was there"


def member_of(group: Group) -> MemberSpec:
    return MemberSpec(version_id=group.phase.members[0].version_id, role=MemberRole.CHAMPION, share=10_000)


async def test_partitions_are_there_weeks_ahead_and_none_takes_just_anything(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    await retention.keep_logs(hub)
    async with hub.work(system(served.tenant.admin.tenant_id), read_only=True) as work:
        weeks = (await work.session.execute(text("SELECT * FROM list_log_partitions(:g)"), {"g": group.id})).all()
    assert max(week.until for week in weeks) > datetime.now(UTC) + 3 * WEEK
    assert all(week.until - week.first == WEEK for week in weeks)


async def erase(hub: Hub, served: Served, group: Group, key: str) -> Any:
    async with hub.work(served.tenant.admin) as work:
        return await erasure.erase(work, EraseEntity(slug=group.slug, entity_key=key, confirm=key, reason="asked to be forgotten"))


async def test_erasing_an_entity_takes_all_that_is_personal_and_leaves_counts_answers_and_outcomes(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    body = PredictBody(inputs=served.serving.inputs, segments={"age": "30-39"}, correlation_id="review-1", entity_key="client-1", explain=True)
    mine = (await ask(hub, served.tenant, group, body))[0]
    other = (await ask(hub, served.tenant, group, PredictBody(inputs=served.serving.inputs, entity_key="client-2")))[0]
    await drain(hub, group)
    async with hub.work(served.tenant.admin) as work:
        await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=[Outcome(correlation_id="review-1", actual=1)]))
    bad = record(entity_key="client-1", inputs=served.serving.inputs, role="nobody", version_id=served.serving.champion.id)
    await hub.redis.xadd(stream_key(group.id), {FIELD: encode(bad)})
    await drain(hub, group)

    done = await erase(hub, served, group, "client-1")
    assert (done.rows, done.outcomes, done.dead_letters) == (1, 1, 1)
    rows = await logged(hub, served.tenant, group)
    gone = rows[mine.inference_id]
    assert (gone["entity_key"], gone["correlation_id"], gone["inputs"], gone["segments"], gone["context"], gone["explanation"]) == (
        None,
        None,
        {},
        {},
        None,
        None,
    )
    assert (gone["score"], gone["label"], gone["actual"], gone["version"]) == (mine.score, mine.label, 1.0, mine.version)
    assert gone["erased_at"] is not None
    assert rows[other.inference_id]["entity_key"] == "client-2"
    assert await dead_letters.read(hub, group.id) == []
    async with hub.work(served.tenant.admin) as work:
        ledger = (await work.session.execute(text("SELECT inference_id, correlation_id, actual FROM outcomes WHERE group_id = :g"), {"g": group.id})).all()
        audited = (
            await work.session.execute(
                text("SELECT after::text FROM audit_entries WHERE action = 'inference.eraseEntity' AND subject = :s"), {"s": f"group:{group.slug}"}
            )
        ).scalar_one()
        assert "client-1" not in audited
        assert done.entity in audited
        corrected = await outcomes.record(work, RecordOutcomes(slug=group.slug, outcomes=[Outcome(inference_id=mine.inference_id, actual=0)]))
    assert [(row.inference_id, row.correlation_id, row.actual) for row in ledger] == [(mine.inference_id, None, 1.0)]
    assert corrected.corrected == 1


async def test_erasing_reaches_archives_and_groups_that_were_deleted(hub: Hub, served: Served) -> None:
    group = await with_old_rows(hub, served, [13, 12, 0], entity_key="client-9", segments={"age": "40"})
    await set_rule(hub, served, group, 2)
    await retention.keep_log(hub, await ref_of(hub, group))
    async with hub.work(served.tenant.admin) as work:
        await delete.delete(work, DeleteGroup(slug=group.slug, confirm=group.slug))
    await archive.archive(hub, system(served.tenant.admin.tenant_id), group.id)
    done = await erase(hub, served, group, "client-9")
    assert (done.rows, done.archived_rows) == (0, 3)
    for path in (hub.data_dir / "archives" / str(group.id)).glob("*.parquet"):
        table = pq.read_table(path)
        assert set(table["entity_key"].to_pylist()) <= {None}
        assert set(table["inputs"].to_pylist()) <= {"{}"}
        assert set(table["score"].to_pylist()) <= {0.5}
        manifest = manifest_beside(path)
        assert manifest is not None
        assert (manifest.sha256, manifest.rows) == (hashlib.sha256(path.read_bytes()).hexdigest(), table.num_rows)
        assert manifest.erased_rows == table.num_rows


async def test_erasing_needs_the_key_once_more(hub: Hub, served: Served) -> None:
    group = await served.group(hub)
    with pytest.raises(NotConfirmed):
        async with hub.work(served.tenant.admin) as work:
            await erasure.erase(work, EraseEntity(slug=group.slug, entity_key="a", confirm="b", reason="slip"))
