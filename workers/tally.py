"""Tallies: folded every few seconds, and made anew from the log where they are not there yet."""

from typing import Any
from uuid import UUID

from backend.comparison.rebuild import REBUILD_RUN, ask_due, rebuild
from backend.hub import Hub
from backend.tallies.compaction import fold_waiting
from schemas.common import Json
from workers.execute import Handler, Task


async def tend(ctx: dict[str, Any]) -> None:
    """Every few seconds: fold what writers appended, and ask for the rebuilds that are due."""
    hub: Hub = ctx["hub"]
    await ask_due(hub)
    await fold_waiting(hub)


async def make_anew(task: Task) -> Json:
    """A group's tallies from its log."""
    return await rebuild(task.hub, task.actor, UUID(task.args["group_id"]), task.progress)


HANDLERS: dict[str, Handler] = {REBUILD_RUN: make_anew}
