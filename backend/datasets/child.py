"""Runs the reading of files in a limited process."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from backend.datasets.errors import DataTooCostly
from backend.datasets.reading import steps
from backend.limited_process import ChildEnded, LimitedProcess

T = TypeVar("T")

MEMORY_BYTES: Final = 6 << 30
"""Address space. DuckDB and Arrow use a small part of it; DuckDB has its own limit, `memory_mb` of a preparation."""
INSPECT_SECONDS: Final = 60
PREPARE_SECONDS: Final = 4 * 3600
SPILL_BYTES: Final = 200 << 30


async def ask(step: Callable[..., T], *arguments: Any, seconds: int = INSPECT_SECONDS) -> T:
    """Call a function of `reading.steps` in a process of its own. A cancelled caller ends it. Raises what it raises, and DataTooCostly."""
    with LimitedProcess([steps.MODULE], MEMORY_BYTES, seconds, file_bytes=SPILL_BYTES, waiting=2 * seconds) as child:
        try:
            return await asyncio.to_thread(child.ask, step, *arguments)
        except ChildEnded:
            raise DataTooCostly from None
