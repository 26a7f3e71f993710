"""The worker process: two ARQ workers on one event loop, one for runs and one for the log drains."""

import asyncio
import logging
import os
import secrets
import signal
import socket
from contextlib import suppress
from typing import Any
from uuid import UUID

from arq import Worker, cron, func
from arq.connections import RedisSettings, create_pool

from backend.adapters.arq_queue import DEFAULT_QUEUE, DRAIN_QUEUE, deserialize, serialize
from backend.bootstrap import Hub, open_hub
from backend.settings import Settings
from workers import drain, groups
from workers.run import Handler, execute
from workers.sweep import beat, sweep

log = logging.getLogger("tiltyard.worker")

HANDLERS: dict[str, Handler] = {**groups.HANDLERS}
"""Every kind of run and what carries it out."""
RETRY_SECONDS = 1.0


async def run(ctx: dict[str, Any], run_id: str) -> None:
    """ARQ's job for a run: its row says the rest."""
    await execute(ctx["hub"], HANDLERS, ctx["worker_id"], UUID(run_id))


async def sweep_runs(ctx: dict[str, Any]) -> None:
    """Every ten seconds: runs that were lost."""
    await sweep(ctx["hub"])
