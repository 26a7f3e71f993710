"""ARQ's job for a group's drain."""

from typing import Any
from uuid import UUID

from backend.inference_log.drain import Drainer

TIMEOUT_SECONDS = 10
"""Seconds. After a kill -9, ARQ blocks a job's id this long and a little more; the next slot's id is different."""
WORK_SECONDS = 4.0
GATHER_SECONDS = 0.4


async def drain(ctx: dict[str, Any], group_id: str) -> int:
    """Move one group's intake into its log. ARQ copies the context for each job, so the process's drainer is in it from the start."""
    drainer: Drainer = ctx["drainer"]
    return await drainer.drain(UUID(group_id), WORK_SECONDS, GATHER_SECONDS)
