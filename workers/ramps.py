"""Ramps: looked after every two seconds."""

from typing import Any

from backend.hub import Hub
from backend.promotion import ramp_tend


async def tend_ramps(ctx: dict[str, Any]) -> None:
    """Advance, complete, or roll back what runs. ARQ knows a cron job by its name alone, so it has one of its own."""
    hub: Hub = ctx["hub"]
    await ramp_tend.tend(hub)
