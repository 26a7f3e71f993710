"""Runs of connectors: their keys wrapped anew by the current key-encryption key."""

from backend.connectors import keys
from schemas.common import Json
from workers.execute import Handler, Task


async def rewrap(task: Task) -> Json:
    """The tenant's keys; those of connectors that cannot be read are named."""
    done = await keys.rewrap(task.hub, task.actor)
    return {"rewrapped": done.done, "unreadable": [str(connector) for connector in done.unreadable]}


HANDLERS: dict[str, Handler] = {keys.REWRAP_RUN: rewrap}
