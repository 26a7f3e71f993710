"""A group's own table: its name, its columns, and who may see it."""

import hashlib
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, ProgrammingError

from backend.actor import Actor, system
from backend.db.identifiers import quoted
from backend.groups import repository as groups_repository
from backend.groups.tables import GroupRow
from backend.hub import Hub
from backend.ids import new_id
from backend.inference_log.archives.archive import drop_with_tallies
from backend.inference_log.columns import COLUMNS
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import row_of
from backend.inference_log.writer import write
from tests.support.log_records import record
from tests.support.tenants import Tenant


async def make_log(hub: Hub, actor: Actor, slug: str) -> LogRef:
    """A group's row with its log, and nothing else."""
    group_id = new_id()
    async with hub.work(actor) as work:
        made = {"slug": slug, "name": slug, "table_name": f"pending {group_id}", "salt": "s", "threshold": 0.5, "decision_metric": "brier", "phase": 0}
        row = GroupRow(id=group_id, tenant_id=work.tenant_id, created_at=work.now, created_by="test", deleted_at=None, **made)
        work.session.add(row)
        await work.session.flush()
        row.table_name = await groups_repository.provision(work.session, group_id, work.now)
        return LogRef(group_id, work.tenant_id, slug, row.table_name)


def marked(slug: str, tenant: Tenant) -> str:
    """A log's name in every tenant but the database's first."""
    return f"inference_log_{slug}_{hashlib.sha256(str(tenant.admin.tenant_id).encode()).hexdigest()[:10]}"


async def test_two_tenants_logs_of_one_slug_have_names_of_their_own(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    slug = f"scoring_{uuid4().hex[:8]}"
    first = await make_log(hub, tenant.admin, slug)
    second = await make_log(hub, other_tenant.admin, slug)
    assert first.table_name in (f"inference_log_{slug}", marked(slug, tenant))
    assert second.table_name == marked(slug, other_tenant)


async def test_a_name_past_63_bytes_is_cut_and_stays_distinct(hub: Hub, tenant: Tenant) -> None:
    start = "a" * 54 + uuid4().hex[:7]
    names = [(await make_log(hub, tenant.admin, start + last)).table_name for last in ("x", "y")]
    assert len(set(names)) == 2
    assert all(len(name) <= 63 for name in names)


async def test_no_slug_can_break_out_of_its_quotes(hub: Hub, tenant: Tenant) -> None:
    slug = f'x"; DROP TABLE people; --{uuid4().hex[:6]}'
    ref = await make_log(hub, tenant.admin, slug)
    async with hub.work(tenant.admin) as work:
        assert await write(work, ref, [row_of(record(), None, None)]) == []
    async with hub.work(tenant.admin, read_only=True) as work:
        assert (await work.session.execute(text(f"SELECT count(*) FROM {quoted(ref.table_name)}"))).scalar_one() == 1
        assert (await work.session.execute(text("SELECT count(*) FROM people"))).scalar_one() == 1


async def test_the_table_has_the_columns_the_code_speaks_of(hub: Hub, tenant: Tenant) -> None:
    ref = await make_log(hub, tenant.admin, f"g_{uuid4().hex[:8]}")
    async with hub.work(tenant.admin, read_only=True) as work:
        statement = text("SELECT attname FROM pg_attribute WHERE attrelid = to_regclass(:name) AND attnum > 0 ORDER BY attnum")
        assert tuple((await work.session.execute(statement, {"name": quoted(ref.table_name)})).scalars()) == COLUMNS


async def test_another_tenant_sees_writes_and_reaches_nothing_even_by_a_partition(hub: Hub, tenant: Tenant, other_tenant: Tenant) -> None:
    ref = await make_log(hub, tenant.admin, f"g_{uuid4().hex[:8]}")
    async with hub.work(tenant.admin) as work:
        await write(work, ref, [row_of(record(), None, None)])
    table = quoted(ref.table_name)
    for stranger in (other_tenant.admin, system(None)):
        async with hub.work(stranger) as work:
            assert (await work.session.execute(text(f"SELECT count(*) FROM {table}"))).scalar_one() == 0
            assert (await work.session.execute(text(f"UPDATE {table} SET actual = 1"))).rowcount == 0  # type: ignore[attr-defined]
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with hub.work(stranger) as work:
                await write(work, ref, [row_of(record(), None, None)])
    async with hub.work(tenant.admin, read_only=True) as work:
        partitions = (await work.session.execute(text("SELECT relid::text FROM pg_partition_tree(to_regclass(:t)) WHERE isleaf"), {"t": table})).scalars()
        names = list(partitions)
        default = (await work.session.execute(text("SELECT partdefid FROM pg_partitioned_table WHERE partrelid = to_regclass(:t)"), {"t": table})).scalar_one()
    assert len(names) >= 4
    assert default == 0, "no DEFAULT partition"
    for actor in (tenant.admin, other_tenant.admin):
        for name in names:
            with pytest.raises(ProgrammingError, match="permission denied"):
                async with hub.work(actor, read_only=True) as work:
                    await work.session.execute(text(f"SELECT count(*) FROM {name}"))


@pytest.mark.parametrize("statement", ["DELETE FROM {t}", "TRUNCATE {t}", "DROP TABLE {t}", "ALTER TABLE {t} DISABLE ROW LEVEL SECURITY"])
async def test_the_application_cannot_delete_from_a_log_or_change_it(hub: Hub, tenant: Tenant, statement: str) -> None:
    ref = await make_log(hub, tenant.admin, f"g_{uuid4().hex[:8]}")
    with pytest.raises(ProgrammingError, match=r"permission denied|must be owner"):
        async with hub.work(tenant.admin) as work:
            await work.session.execute(text(statement.format(t=quoted(ref.table_name))))


CALLS = ("provision_log(:g, now())", "add_log_partitions(:g, now(), now())", "drop_log(:g)")


@pytest.mark.parametrize("call", CALLS)
async def test_the_functions_serve_only_the_tenant_that_owns_the_group(hub: Hub, tenant: Tenant, other_tenant: Tenant, call: str) -> None:
    ref = await make_log(hub, tenant.admin, f"g_{uuid4().hex[:8]}")
    with pytest.raises(DBAPIError, match="this tenant has no group"):
        async with hub.work(other_tenant.admin) as work:
            await work.session.execute(text(f"SELECT {call}"), {"g": ref.group_id})


async def test_a_log_in_use_is_not_dropped_nor_is_any_table_that_is_no_log(hub: Hub, tenant: Tenant) -> None:
    ref = await make_log(hub, tenant.admin, f"g_{uuid4().hex[:8]}")
    with pytest.raises(DBAPIError, match="in use"):
        async with hub.work(tenant.admin) as work:
            await drop_with_tallies(work, ref.group_id)
    async with hub.work(tenant.admin) as work:
        await work.session.execute(text("UPDATE groups SET deleted_at = now(), table_name = 'people' WHERE id = :g"), {"g": ref.group_id})
    async with hub.work(tenant.admin) as work:
        assert await drop_with_tallies(work, ref.group_id)
    async with hub.work(tenant.admin) as work:
        assert not await drop_with_tallies(work, ref.group_id)
        assert (await work.session.execute(text("SELECT count(*) FROM people"))).scalar_one() == 1


async def test_a_lookup_by_id_reads_one_partition(hub: Hub, tenant: Tenant) -> None:
    ref = await make_log(hub, tenant.admin, f"g_{uuid4().hex[:8]}")
    async with hub.work(tenant.admin, read_only=True) as work:
        statement = text(f"EXPLAIN SELECT * FROM {quoted(ref.table_name)} WHERE inference_id = CAST(:id AS uuid)")
        plan = "\n".join((await work.session.execute(statement, {"id": new_id()})).scalars())
    assert plan.count("Scan") == 1 or "Subplans Removed" in plan, plan
