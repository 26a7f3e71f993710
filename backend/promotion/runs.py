"""Schedules of promotion: ramps."""

from backend.promotion import ramp_tend
from backend.runs.context import Tick
from backend.runs.kinds import Schedule


async def tend_ramps(tick: Tick) -> None:
    """Judge each running ramp's step by its guardrails; advance, complete or roll back."""
    await ramp_tend.tend(tick.hub)


SCHEDULES = (Schedule(name="promotion.ramps", cron="*/2 * * * * *", handler=tend_ramps),)
