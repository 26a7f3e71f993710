"""The hub's clock moved, as only the owner of the database can."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from backend.db.clock import HubClock, read_clock
from backend.hub import Hub


@asynccontextmanager
async def moved(hub: Hub, ahead: timedelta) -> AsyncIterator[None]:
    """For the length of the block, `hub_now()` is ahead by so much, in every process on this database."""
    await _set(hub, ahead)
    try:
        yield
    finally:
        await _set(hub, timedelta())


async def _set(hub: Hub, ahead: timedelta) -> None:
    owner = await asyncpg.connect(hub.settings.database_url)
    try:
        await owner.execute("UPDATE hub_clock SET ahead = $1", ahead)
    finally:
        await owner.close()
    assert isinstance(hub.clock, HubClock)
    await read_clock(hub.engine, hub.clock)
