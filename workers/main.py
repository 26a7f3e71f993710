"""The worker process: one event loop for the queues, the schedules and the heartbeat.

`python -m workers.main` with `TILTYARD_APP_DATABASE_URL` (or `TILTYARD_DATABASE_URL`), `TILTYARD_REDIS_URL` and `TILTYARD_SECRET_KEY` set; `tiltyard worker`
starts it.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import uvloop
from arq.connections import RedisSettings

from backend.bootstrap import open_hub
from backend.connectors.keys import check_at_start
from backend.gc_tuning import collect_less
from backend.hub import Hub
from backend.inference_log.drain import Drainer
from backend.logs import write_logs
from backend.runs.cron import with_settings
from backend.runs.process import Process
from backend.settings import Settings
from backend.slices import SLICES, Slice, by_name, run_kinds, schedules
from workers.execute import Executor
from workers.heartbeat import keep_beating, leave
from workers.metrics_server import serve_metrics
from workers.queues import keep, workers_of
from workers.schedule import Clockwork
from workers.upkeep import watches

log = logging.getLogger("tiltyard.worker")
FINISH_SECONDS = 5.0
"""Seconds that runs have to end after SIGTERM. Then they are handed back."""
STOP_SECONDS = 12.0
"""Seconds after SIGTERM until the process is gone, whatever a handler does."""


async def main(settings: Settings, slices: Sequence[Slice] = SLICES) -> None:
    """Work until SIGTERM or Ctrl-C, then finish or hand back runs, and end."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    async with open_hub(settings, slices=slices) as hub:
        await check_at_start(hub)
        process = Process()
        executor = Executor(hub, run_kinds(slices), worker_id, process)
        tasks = _begin(hub, executor, process, slices)
        collect_less()
        log.info("worker %s is at work", worker_id)
        await stop.wait()
        _end_within(STOP_SECONDS)
        await executor.finish(FINISH_SECONDS)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # the heartbeat expires by itself
            await leave(hub, worker_id)


def _begin(hub: Hub, executor: Executor, process: Process, slices: Sequence[Slice]) -> list["asyncio.Task[None]"]:
    redis = RedisSettings.from_dsn(hub.settings.redis_url or "")
    ctx: dict[str, Any] = {"hub": hub, "executor": executor, "drainer": process.one(Drainer, lambda: Drainer(hub))}
    declared = {**schedules(slices), **by_name(watches(slices))}
    clockwork = Clockwork(hub, with_settings(declared, hub.settings.schedules), executor.worker_id, process)
    work = [*(keep(make) for make in workers_of(redis, ctx)), clockwork.keep(), keep_beating(executor), serve_metrics(hub)]
    return [asyncio.create_task(one) for one in work]


def _end_within(seconds: float) -> None:
    timer = threading.Timer(seconds, os._exit, (0,))
    timer.daemon = True
    timer.start()


def run(slices: Sequence[Slice] = SLICES) -> None:
    """Start the process: settings from the environment, the log on standard error."""
    write_logs()
    logging.getLogger("arq").setLevel(logging.WARNING)
    os.umask(0o077)  # only the owner may read what it writes
    uvloop.run(main(Settings.from_environment(), slices))


if __name__ == "__main__":
    run()
