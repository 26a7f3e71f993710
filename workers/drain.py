"""Draining the logs: a job a group, and each second a look for what nobody asked for."""

import logging
import time
from typing import Any
from uuid import UUID

from backend.hub import Hub
from backend.inference_log import retention
from backend.inference_log.drain import Drainer
from backend.inference_log.sweep import explain_missing, waiting_groups
from backend.serving.warm_up import prepare_serving

log = logging.getLogger("tiltyard.worker")
TIMEOUT_SECONDS = 10
"""After a kill -9, ARQ keeps a job's id blocked this long and a little more; the next slot's id is another."""
WORK_SECONDS = 4.0
GATHER_SECONDS = 0.4
SWEEP_SECONDS = 3.0


async def drain(ctx: dict[str, Any], group_id: str) -> int:
    """Move one group's intake into its log."""
    return await _drainer(ctx).drain(UUID(group_id), WORK_SECONDS, GATHER_SECONDS)


async def drain_waiting(ctx: dict[str, Any]) -> None:
    """Get ready what serves, and ask for a drain of every group with a backlog; every few seconds also explain what was written without."""
    hub: Hub = ctx["hub"]
    drainer = _drainer(ctx)
    drainer.prepared = await prepare_serving(hub, drainer.explainer, drainer.prepared)
    for group_id in await waiting_groups(hub):
        await hub.queue.drain(group_id)
    if time.monotonic() - drainer.swept_at >= SWEEP_SECONDS:
        drainer.swept_at = time.monotonic()
        if found := await explain_missing(hub, drainer.explainer):
            log.info("found %s inferences without their explanation", found)


async def keep_logs(ctx: dict[str, Any]) -> None:
    """Every ten minutes: partitions ahead, keys forgotten that are a day old, weeks gone that a group's rule lets go."""
    await retention.keep_logs(ctx["hub"])


def _drainer(ctx: dict[str, Any]) -> Drainer:
    """The process's one drainer. ARQ gives each job a copy of the context, so what lasts is put there before the worker starts."""
    drainer: Drainer = ctx["drainer"]
    return drainer
