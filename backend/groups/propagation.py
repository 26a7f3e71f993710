"""Waiting until every process routes by what was just committed."""

import asyncio
import logging
import time
from datetime import timedelta
from uuid import UUID

from backend.groups import propagation_repository
from backend.outside import Outside

log = logging.getLogger("tiltyard.routing")

PROPAGATION_SECONDS = 10.0
"""A process may have to load a new version first. One that takes longer goes on with the phase before, and its rows say so."""
PAUSE_SECONDS = 0.01
LEASE_SECONDS = 0.6
"""How long a process may answer after its last poll, in seconds."""
ROUTER_LEASE = timedelta(seconds=LEASE_SECONDS)
HEARD_SECONDS = LEASE_SECONDS + 0.05
"""A lease, and the time that an answer which was checked against it takes to leave."""
EVER = timedelta(days=10_000)


async def everywhere(hub: Outside, group_id: UUID | None = None) -> bool:
    """Return once every living process has acknowledged what was committed before this call, or its lease has run out.

    With a group, also once none is late with it. False when `PROPAGATION_SECONDS` end first.
    """
    deadline = time.monotonic() + PROPAGATION_SECONDS
    async with hub.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        since = await propagation_repository.wake_routers(connection)
        while behind := await propagation_repository.routers_behind(connection, since, group_id, ROUTER_LEASE):
            if time.monotonic() > deadline:
                log.warning("%s processes still route group %s as before", behind, group_id)
                return False
            await asyncio.sleep(PAUSE_SECONDS)
    return True


async def heard(hub: Outside) -> None:
    """Return once no process answers on a lease that has not heard of the halts and resumptions committed before this call.

    Either each has acknowledged them, or its lease has run out: one is renewed only by a poll whose halts were heard, and for 600 ms from when that was
    sent. So one lease later it is so by itself, whatever keeps a process from acknowledging, or this one from asking.
    """
    until = time.monotonic() + HEARD_SECONDS
    try:
        async with asyncio.timeout(HEARD_SECONDS):
            if await everywhere(hub):
                return
    except Exception as error:
        log.warning("the processes could not be asked whether they heard (%s); their leases are waited for", type(error).__name__)
    await asyncio.sleep(max(until - time.monotonic(), 0.0))


async def lost(hub: Outside) -> int:
    """How many processes were heard of that have neither said that they end nor polled of late: they may live and have lost PostgreSQL.

    One that was silent for an hour is forgotten when another begins.
    """
    async with hub.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        to_come = hub.clock.now() + EVER
        ever, living = [await propagation_repository.routers_behind(connection, to_come, None, lease) for lease in (EVER, ROUTER_LEASE)]
    return ever - living


async def warm_everywhere(hub: Outside, version_id: UUID) -> bool:
    """Has every living process loaded the version?"""
    async with hub.engine.connect() as connection:
        return not await propagation_repository.routers_cold(connection, version_id, ROUTER_LEASE)
