"""Ticks on time while every slot of every other queue is taken: the delay of each tick, by the hub's clock.

`python -m benchmarks.soak_crons --minutes 60` starts its own servers and worker. It keeps the queues `default` and `training` full of 60-second runs. It fails
when a tick was missed, came twice, or began more than two seconds late.
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from backend.adapters.vault import new_key
from backend.bootstrap import open_hub
from backend.hub import Hub
from backend.runs.kinds import Queue
from backend.runs.service import start
from backend.settings import Settings
from migrations.apply import migrate_blocking
from tests.support import servers
from tests.support.tenants import Tenant, new_tenant
from tests.support.worker import working
from workers.queues import SLOTS

SECRET = "the secret of a soak"
LATE_SECONDS = 2.0
RUN_SECONDS = 60
START_SECONDS = 300
"""The worker may take this long to be at work on a busy machine."""
KINDS = {"toy.wait": Queue.DEFAULT, "toy.train": Queue.TRAINING}


async def fill(hub: Hub, tenant: Tenant) -> None:
    """Start twice as many runs as there are slots."""
    async with hub.work(tenant.admin) as work:
        for kind, queue in KINDS.items():
            for number in range(2 * SLOTS[queue]):
                await start(work, kind, f"slot:{number}", {"seconds": RUN_SECONDS})


async def soak(settings: Settings, minutes: float) -> list[tuple[datetime, float]]:
    """Return the ticks, each with its delay in seconds."""
    async with open_hub(settings) as hub:
        tenant = await new_tenant(hub)
        async with asyncio.timeout(START_SECONDS):
            while not await hub.redis.llen("toy:ticks"):
                await asyncio.sleep(0.2)
        until, full = time.monotonic() + minutes * 60, 0.0
        while time.monotonic() < until:
            if time.monotonic() >= full:
                await fill(hub, tenant)
                full = time.monotonic() + RUN_SECONDS
            await asyncio.sleep(1)
        said = [raw.decode().split() for raw in await hub.redis.lrange("toy:ticks", 0, -1)]
    return sorted((datetime.fromisoformat(at), float(late)) for at, late in said)


def report(ticks: list[tuple[datetime, float]]) -> int:
    """Print the findings; return 1 when a tick was missed, came twice or was late."""
    late = sorted(seconds for _, seconds in ticks)
    twice = [at for at, count in Counter(at for at, _ in ticks).items() if count > 1]
    missed = sum(round((b - a) / timedelta(seconds=1)) - 1 for (a, _), (b, _) in pairwise(ticks))
    median, most = late[len(late) // 2], late[-1]
    print(json.dumps({"ticks": len(ticks), "late_median_seconds": median, "late_most_seconds": most, "missed": missed, "twice": len(twice)}))
    return int(bool(twice) or missed > 0 or late[-1] > LATE_SECONDS)


def main() -> int:
    """Run the soak."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0)
    minutes = parser.parse_args().minutes
    servers.prepare()
    try:
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings(
                data_dir=Path(folder), database_url=servers.database_url("soak_crons"), redis_url=servers.redis_url(1), secret_key=SECRET, kek=new_key(1)
            )
            assert settings.database_url
            migrate_blocking(settings.database_url, SECRET)
            with working(settings, Path(folder) / "worker.log"):
                return report(asyncio.run(soak(settings, minutes)))
    finally:
        servers.finish()


if __name__ == "__main__":
    sys.exit(main())
