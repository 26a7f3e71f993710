"""From intake to log: rows per second that the worker drains, explains, stores and counts, beside a bare COPY of the same rows.

The worker is stopped (SIGSTOP) while the intake fills, then continued. The time runs until every row is in the log with its explanation. The last line is JSON.
"""

import argparse
import asyncio
import json
import signal
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

import asyncpg

from benchmarks import load
from demo.dataset import Clients
from demo.dataset import load as load_clients
from tests.support.product import GROUP, LOG_TABLE, Product, running

BATCH = 50


def main() -> None:
    """Print both rates and their ratio."""
    parser = argparse.ArgumentParser(prog="make bench-drain", description=__doc__)
    parser.add_argument("--seconds", type=float, default=8.0, help="of filling the intake")
    options = parser.parse_args()
    with running("bench-drain") as hub:
        hub.demo(200)
        worker = hub.child("workers.main")
        worker.send_signal(signal.SIGSTOP)
        try:
            before = asyncio.run(_logged(hub))
            asked = _fill(hub, load_clients()[1], options.seconds)
        finally:
            worker.send_signal(signal.SIGCONT)
        seconds = asyncio.run(_drained(hub, before + asked))
        copy_seconds, copied = asyncio.run(_copy_alone(hub))
    drain, copy = asked / seconds, copied / copy_seconds
    print(f"  drained, explained and stored {asked:>8,} rows in {seconds:6.2f} s   {drain:>9,.0f} rows/s")
    print(f"  COPY alone                    {copied:>8,} rows in {copy_seconds:6.2f} s   {copy:>9,.0f} rows/s")
    print(json.dumps({"rows_per_s": round(drain, 1), "copy_rows_per_s": round(copy, 1), "ratio": round(drain / copy, 4), "rows": asked}))


def _fill(hub: Product, clients: Clients, seconds: float) -> int:
    parts = urlsplit(hub.ready["url"])
    body = json.dumps({"inputs": [clients.inputs(index) for index in range(BATCH)]}).encode()
    request = load.post(parts.netloc, f"/v1/groups/{GROUP}/predict", body, hub.ready["token"])
    return load.run(str(parts.hostname), int(parts.port or 80), request, 4, seconds).requests * BATCH


async def _logged(hub: Product) -> int:
    return int((await hub.sql(f"SELECT count(explained_at) FROM {LOG_TABLE}"))[0]["count"])


async def _drained(hub: Product, wanted: int) -> float:
    """Return the time until every row is there, with its explanation. Rows are counted only once nothing waits: counting slows the drain."""
    started = time.monotonic()
    while (waiting := (await hub.ask("system.health"))["intake_backlog"]) or await _logged(hub) < wanted:
        if time.monotonic() - started > 300:
            raise TimeoutError(f"{waiting} rows wait after 300 s, and {await _logged(hub)} of {wanted} are explained")
        await asyncio.sleep(0.1)
    return time.monotonic() - started


async def _copy_alone(hub: Product) -> tuple[float, int]:
    """Copy the log's own rows into a table of the same columns without index, in one COPY."""
    connection = await asyncpg.connect(hub.ready["database_url"])
    try:
        rows: Sequence[asyncpg.Record] = await connection.fetch(f"SELECT * FROM {LOG_TABLE}")
        await connection.execute(f"CREATE TABLE bench_copy (LIKE {LOG_TABLE})")
        started = time.monotonic()
        await connection.copy_records_to_table("bench_copy", records=rows, columns=list(rows[0].keys()))
        return time.monotonic() - started, len(rows)
    finally:
        await connection.close()


if __name__ == "__main__":
    main()
