"""Duration of a comparison over one million and over four million logged rows. It reads tallies, so both should take the same.

The database's owner makes the rows up inside PostgreSQL, in a group's real log: spread over a month, 90/10, two thirds with their outcome. The product's own
run tallies them. Then they are compared as in `groups.comparison`, each time anew. The last line is JSON.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg

from backend.adapters.vault import new_key
from backend.bootstrap import open_hub
from backend.comparison import service as comparison
from backend.comparison.rebuild import rebuild
from backend.db.identifiers import quoted
from backend.hub import Hub
from backend.settings import Settings
from migrations.apply import migrate
from schemas.groups import Group
from schemas.promotion import Comparison
from tests.support import servers
from tests.support.served import Served, make_served

DAYS = 30
REPEATS = 5
AIM_MS = 300

ROWS = """
INSERT INTO {table} (inference_id, requested_at, model_version_id, version, role, phase, bucket, propensity, caller, inputs, score, latency_us, status,
  actual, actual_at)
SELECT (lpad(to_hex(m.ms), 12, '0') || '7' || substr(m.noise, 1, 3) || 'b' || substr(m.noise, 4, 15))::uuid, to_timestamp(m.ms / 1000.0),
  CASE WHEN m.bucket < 9000 THEN $2::uuid ELSE $3::uuid END, 'v', CASE WHEN m.bucket < 9000 THEN 'champion' ELSE 'challenger' END, 1, m.bucket,
  CASE WHEN m.bucket < 9000 THEN 0.9 ELSE 0.1 END, 'bench', '{{}}', power(m.chance, 2), 200 + (m.spread * m.spread * 5000)::int, 'ok',
  CASE WHEN m.told < 0.66 THEN (m.luck < power(m.chance, 2))::int END, now()
FROM (SELECT i, $4::bigint + (i::float8 / $1 * {span})::bigint AS ms, md5($5 || i) AS noise, floor(random() * 10000)::int AS bucket, random() AS chance,
  random() AS spread, random() AS told, random() AS luck FROM generate_series(1, $1::int) AS i) AS m
"""


def main() -> None:
    """Print the time for the given number of rows, and for four times as many."""
    parser = argparse.ArgumentParser(prog="make bench-compare", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--once", action="store_true", help="not four times as many too")
    options = parser.parse_args()
    servers.prepare()
    try:
        asyncio.run(_main(options.rows, 1 if options.once else 4))
    finally:
        servers.finish()


async def _main(rows: int, times: int) -> None:
    with tempfile.TemporaryDirectory(prefix="bench-compare-") as folder:
        database, redis = servers.database_url("bench"), servers.redis_url(1)
        settings = Settings(data_dir=Path(folder), database_url=database, redis_url=redis, secret_key="bench", kek=new_key(1))
        await migrate(settings.database_url or "", settings.secret_key or "")
        served = await asyncio.to_thread(make_served, settings)
        async with open_hub(settings) as hub:
            first = await _measured(hub, settings, served, rows)
            second = await _measured(hub, settings, served, rows * times) if times > 1 else first
    print(json.dumps({"ms": round(first, 1), "rows": rows, f"ms_{times}x": round(second, 1), "ratio": round(second / first, 2), "aim_ms": AIM_MS}))


async def _measured(hub: Hub, settings: Settings, served: Served, rows: int) -> float:
    group = await served.group(hub)
    begun = time.monotonic()
    await _fill(settings, served, group, rows)
    filled = time.monotonic()
    tallied = await rebuild(hub, served.tenant.admin, group.id)
    counted = time.monotonic()
    taken, shown = await _asked(hub, served, group, REPEATS)
    assert sum(one.n for one in shown.contenders) == rows, (shown, tallied)
    exactly, exact = await _asked(hub, served, group, 1, exact=True)
    gap = max(abs((ours.roc_auc.value or 0) - (theirs.roc_auc.value or 0)) for ours, theirs in zip(shown.contenders, exact.contenders, strict=True))
    bound = max(one.roc_auc.within for one in shown.contenders)
    print(f"  {rows:>9,} rows made in {filled - begun:.0f} s, tallied anew in {counted - filled:.0f} s ({tallied['tallies']} tallies)")
    print(f"  {'':>9} compared in {taken:.0f} ms; from every row in {exactly:,.0f} ms; ROC AUC differs by {gap:.1e}, stated bound {bound:.1e}")
    return taken


async def _fill(settings: Settings, served: Served, group: Group, rows: int) -> None:
    owner = await asyncpg.connect(settings.database_url)
    try:
        begin = time.time() - DAYS * 86_400
        await owner.execute("SELECT set_config('tiltyard.tenant', $1, false)", str(served.tenant.admin.tenant_id))
        await owner.execute("UPDATE groups SET created_at = created_at - interval '40 days' WHERE id = $1", group.id)
        await owner.execute("UPDATE phases SET opened_at = opened_at - interval '40 days' WHERE group_id = $1", group.id)
        for week in range(-1, DAYS // 7 + 2):
            await owner.execute("SELECT add_log_partitions($1, to_timestamp($2), to_timestamp($2))", group.id, begin + week * 604_800)
        statement = ROWS.format(table=quoted(group.table_name), span=DAYS * 86_400_000 - 60_000)
        champion, challenger = served.serving.champion.id, served.serving.challenger.id
        for part in range(0, rows, 500_000):
            count = min(500_000, rows - part)
            await owner.execute(statement, count, champion, challenger, int(begin * 1000), str(part), timeout=600)
        await owner.execute(f"ANALYZE {quoted(group.table_name)}")
    finally:
        await owner.close()


async def _asked(hub: Hub, served: Served, group: Group, repeats: int, exact: bool = False) -> tuple[float, Comparison]:
    taken = []
    for _ in range(repeats):
        started = time.perf_counter()
        async with hub.work(served.tenant.admin, read_only=True) as work:
            shown = await comparison.compare(work, group.slug, since=time.monotonic(), exact=exact)
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken), shown


if __name__ == "__main__":
    main()
