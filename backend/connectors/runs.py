"""Runs of connectors."""

from backend.connectors import keys
from backend.runs.context import RunContext
from backend.runs.kinds import RunKind
from schemas.common import Json


async def rewrap(task: RunContext) -> Json:
    """Wrap the tenant's keys by the current key-encryption key. The result names the connectors with unreadable keys."""
    done = await keys.rewrap(task.hub, task.actor)
    return {"rewrapped": done.done, "unreadable": [str(connector) for connector in done.unreadable]}


RUNS = (RunKind(name=keys.REWRAP_RUN, handler=rewrap),)
