"""Tallies: folded every few seconds, and made anew from the log where they are not there yet."""

from typing import Any

from backend.comparison.rebuild import ask_due
from backend.hub import Hub
from backend.tallies.compaction import fold_waiting


async def tend(ctx: dict[str, Any]) -> None:
    """Every few seconds: fold what writers appended, and ask for the rebuilds that are due."""
    hub: Hub = ctx["hub"]
    await ask_due(hub)
    await fold_waiting(hub)
