"""The worker process: two ARQ workers on one event loop, one for runs and one for the log drains.

`python -m workers.main` with `TILTYARD_DATABASE_URL`, `TILTYARD_REDIS_URL` and `TILTYARD_SECRET_KEY` set; `tiltyard worker` does just that.
"""

import asyncio
import logging
import os
import secrets
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

import uvloop
from arq import Worker, cron, func
from arq.connections import RedisSettings

from backend.adapters.arq_queue import DEFAULT_QUEUE, DRAIN_QUEUE, deserialize, serialize
from backend.bootstrap import open_hub
from backend.connectors.keys import check_at_start
from backend.gc_tuning import collect_less
from backend.hub import Hub
from backend.inference_log.drain import Drainer
from backend.settings import Settings
from backend.slices import run_kinds
from workers import drain, ramps, tally, watch
from workers.alert_checks import AlertChecks
from workers.execute import execute
from workers.sweep import beat, leave, sweep

log = logging.getLogger("tiltyard.worker")

HANDLERS = {name: kind.handler for name, kind in run_kinds().items()}
"""Every kind of run and what carries it out."""
BEAT_SECONDS = 3.0
RETRY_SECONDS = 1.0


async def run(ctx: dict[str, Any], run_id: str) -> None:
    """ARQ's job for a run: its row says the rest."""
    await execute(ctx["hub"], HANDLERS, ctx["worker_id"], UUID(run_id))


async def sweep_runs(ctx: dict[str, Any]) -> None:
    """Every ten seconds: runs that were lost."""
    await sweep(ctx["hub"])


def runs_worker(settings: RedisSettings, ctx: dict[str, Any]) -> Worker:
    """Carries out runs, one try each as far as ARQ knows: the run's row decides about another."""
    return Worker(
        functions=[func(run, name="run", max_tries=1, timeout=24 * 3600, keep_result=0)],
        cron_jobs=[
            cron(ramps.tend_ramps, second=set(range(0, 60, 2)), unique=True, timeout=60, keep_result=0),
            cron(sweep_runs, second=set(range(0, 60, 10)), unique=True, timeout=30),
            cron(tally.tend, second=set(range(2, 60, 5)), unique=True, timeout=60, keep_result=0),
            cron(watch.check, second=set(range(5, 60, 10)), unique=True, timeout=60, keep_result=0),
            cron(drain.keep_logs, minute=set(range(3, 60, 10)), second=30, unique=True, timeout=3600, keep_result=0),
            cron(watch.prune, minute={7, 37}, second=0, unique=True, timeout=300, keep_result=0),
        ],
        queue_name=DEFAULT_QUEUE,
        max_jobs=4,
        **_common(settings, ctx),
    )


def drain_worker(settings: RedisSettings, ctx: dict[str, Any]) -> Worker:
    """Moves what was answered into the logs; a queue of its own, so that no long run stands before it."""
    return Worker(
        functions=[func(drain.drain, name="drain", max_tries=1, timeout=drain.TIMEOUT_SECONDS, keep_result=0)],
        cron_jobs=[cron(drain.drain_waiting, second=set(range(60)), unique=True, timeout=drain.TIMEOUT_SECONDS, keep_result=0)],
        queue_name=DRAIN_QUEUE,
        poll_delay=0.05,
        max_jobs=8,
        **_common(settings, ctx),
    )


def _common(settings: RedisSettings, ctx: dict[str, Any]) -> dict[str, Any]:
    return {
        "redis_settings": settings,
        "ctx": ctx,
        "job_serializer": serialize,
        "job_deserializer": deserialize,
        "handle_signals": False,
        "log_results": False,
        "health_check_interval": 10,
    }


async def keep(make: Callable[[], Worker]) -> None:
    """Run a worker; when Redis goes away, wait for it and go on."""
    while True:
        worker = make()
        try:
            await worker.async_run()
        except Exception:
            log.exception("worker %s stopped and starts again", worker.queue_name)
        finally:
            with suppress(Exception):  # its Redis may be gone
                await worker.close()
        await asyncio.sleep(RETRY_SECONDS)


async def keep_beating(hub: Hub, worker_id: str) -> None:
    """Note every few seconds that this worker lives."""
    while True:
        try:
            await beat(hub, worker_id)
        except Exception:
            log.exception("the heartbeat could not be written")
        await asyncio.sleep(BEAT_SECONDS)


async def main(settings: Settings) -> None:
    """Work until SIGTERM or Ctrl-C, then end cleanly."""
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    worker_id = f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
    async with open_hub(settings) as hub:
        await check_at_start(hub)
        ctx: dict[str, Any] = {"hub": hub, "worker_id": worker_id, "drainer": (drainer := Drainer(hub)), "checks": AlertChecks(hub, drainer.explainer.load)}
        redis = RedisSettings.from_dsn(settings.redis_url or "")
        tasks = [
            asyncio.create_task(keep(lambda: runs_worker(redis, ctx))),
            asyncio.create_task(keep(lambda: drain_worker(redis, ctx))),
            asyncio.create_task(keep_beating(hub, worker_id)),
        ]
        collect_less()
        log.info("worker %s is at work", worker_id)
        await stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with suppress(Exception):  # the heartbeat runs out by itself
            await leave(hub, worker_id)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("arq").setLevel(logging.WARNING)
    uvloop.run(main(Settings.from_environment()))
