"""Schedules of serving: the worker prepares the versions that will answer, because it explains them."""

from datetime import timedelta

from backend.inference_log.drain import Drainer
from backend.runs.context import Tick
from backend.runs.kinds import Schedule
from backend.serving.warm_up import prepare_serving


async def warm_up(tick: Tick) -> None:
    """Load and compile the versions that serve, once after each change of routing."""
    drainer = tick.process.one(Drainer, lambda: Drainer(tick.hub))
    drainer.prepared = await prepare_serving(tick.hub, drainer.explainer, drainer.prepared)


SCHEDULES = (Schedule(name="serving.warm_up", cron="* * * * * *", handler=warm_up, timeout=timedelta(seconds=10)),)
