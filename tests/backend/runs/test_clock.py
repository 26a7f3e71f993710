"""One clock: `hub_now()`. Nothing else tells whether something lives, is due or has expired."""

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from backend.db.clock import HubClock
from backend.hub import Hub
from tests.support.clock import moved
from tests.support.tenants import Tenant

ROOT = Path(__file__).resolve().parents[3]
PYTHON_CLOCKS = re.compile(r"datetime\.now\(|utcnow\(|time\.time\(|clock_timestamp|statement_timestamp|CURRENT_TIMESTAMP|(?<![\w.])now\(\)")
ALLOWED = {
    "backend/db/clock.py": "the host's clock, until PostgreSQL was read for the first time",
    "backend/adapters/arq_queue.py": "ARQ orders its jobs by host clocks; the row's due time decides",
    "backend/adapters/backup.py": "when a backup was made, for people",
    "backend/adapters/embedded_home.py": "a folder's name",
    "backend/tuning/presets/linear_training.py": "when a training ran, for people",
    "rpc/commands/alerts.py": "the end of a silence, given to the hub as a person's input",
}


async def owner_of(hub: Hub) -> asyncpg.Connection:
    return await asyncpg.connect(hub.settings.database_url)


async def test_no_function_and_no_default_of_the_database_reads_another_clock(hub: Hub) -> None:
    owner = await owner_of(hub)
    try:
        functions = await owner.fetch(
            "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname <> 'hub_now' "
            r"AND prosrc ~* '\m(now|clock_timestamp|statement_timestamp|transaction_timestamp)\(\)|current_timestamp'"
        )
        defaults = await owner.fetch("SELECT adrelid::regclass::text FROM pg_attrdef WHERE pg_get_expr(adbin, adrelid) ~* 'now\\(\\)|timestamp\\(\\)'")
    finally:
        await owner.close()
    assert functions == []
    assert defaults == []


def test_no_module_reads_another_clock_without_a_reason() -> None:
    found = {
        str(path.relative_to(ROOT))
        for folder in ("backend", "rpc", "workers", "schemas")
        for path in (ROOT / folder).rglob("*.py")
        if PYTHON_CLOCKS.search(path.read_text().replace(".clock.now()", "").replace("async def now(", "").replace("def now(", ""))
    }
    assert found - ALLOWED.keys() == set()


async def test_only_the_owner_moves_the_clock_and_every_unit_of_work_follows(hub: Hub, tenant: Tenant) -> None:
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with hub.work(tenant.admin) as work:
            await work.session.execute(text("UPDATE hub_clock SET ahead = '1 day'"))
    async with moved(hub, timedelta(days=3)), hub.work(tenant.admin) as work:
        ahead = work.now - datetime.now(UTC)
        assert timedelta(days=2, hours=23) < ahead < timedelta(days=3, hours=1)
        assert abs(hub.clock.now() - work.now) < timedelta(minutes=1)
    async with hub.work(tenant.admin) as work:
        assert abs(work.now - datetime.now(UTC)) < timedelta(hours=1)


def test_a_reading_corrects_the_clock_only_where_it_must() -> None:
    clock, real = HubClock(), datetime(2030, 1, 1, tzinfo=UTC)
    begun = time.monotonic()
    clock.learn(real, begun, begun + 0.010)
    first = clock.now()
    clock.learn(real + timedelta(seconds=5), begun + 5.0, begun + 5.2)
    assert clock.now() - first < timedelta(seconds=1), "within the bounds, it stays"
    clock.learn(real + timedelta(seconds=100), begun + 10, begun + 10.01)
    assert timedelta(seconds=89) < clock.now() - first < timedelta(seconds=95)
