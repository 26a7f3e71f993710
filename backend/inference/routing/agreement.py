"""Waiting until every process routes by what was just committed."""

import asyncio
import logging
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from backend.inference import repository
from backend.inference.routing.control import LEASE_SECONDS

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.routing")

PATIENCE_SECONDS = 10.0
"""A process may have to load a new version first. One that takes longer goes on with the phase before, and its rows say so."""
PAUSE_SECONDS = 0.01
LEASE = timedelta(seconds=LEASE_SECONDS)


async def everywhere(hub: "Hub", group_id: UUID | None = None, patience: float = PATIENCE_SECONDS) -> bool:
    """Return once every living process has acknowledged what was committed before this call, or its lease has run out.

    With a group, also once none is late with it. False when the patience ends first.
    """
    deadline = time.monotonic() + patience
    async with hub.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        since = await repository.wake_routers(connection)
        while behind := await repository.routers_behind(connection, since, group_id, LEASE):
            if time.monotonic() > deadline:
                log.warning("%s processes still route group %s as before", behind, group_id)
                return False
            await asyncio.sleep(PAUSE_SECONDS)
    return True


async def warm_everywhere(hub: "Hub", version_id: UUID) -> bool:
    """Has every living process loaded the version?"""
    async with hub.engine.connect() as connection:
        return not await repository.routers_cold(connection, version_id, LEASE)
