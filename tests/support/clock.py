"""Moves the hub's clock, which only the database's owner can do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta

import asyncpg

from backend.db.clock import HubClock, read_clock
from backend.hub import Hub


@asynccontextmanager
async def moved(hub: Hub, ahead: timedelta) -> AsyncIterator[None]:
    """Move `hub_now()` ahead by this much during the block, in every process on this database."""
    await _set(hub, ahead)
    try:
        yield
    finally:
        await _set(hub, timedelta())


async def move_to(hub: Hub, moment: datetime) -> None:
    """Set `hub_now()` to this time. For a database of the test's own: nothing moves it back."""
    owner = await asyncpg.connect(hub.settings.database_url)
    try:
        await owner.execute("UPDATE hub_clock SET ahead = $1::timestamptz - clock_timestamp()", moment)
    finally:
        await owner.close()
    assert isinstance(hub.clock, HubClock)
    await read_clock(hub.engine, hub.clock)


async def _set(hub: Hub, ahead: timedelta) -> None:
    owner = await asyncpg.connect(hub.settings.database_url)
    try:
        await owner.execute("UPDATE hub_clock SET ahead = $1", ahead)
    finally:
        await owner.close()
    assert isinstance(hub.clock, HubClock)
    await read_clock(hub.engine, hub.clock)
