"""Waits until every process routes by the last commit."""

import asyncio
import logging
import time
from datetime import timedelta
from uuid import UUID

from backend.groups import propagation_repository
from backend.outside import Outside

log = logging.getLogger("tiltyard.routing")

PROPAGATION_SECONDS = 10.0
"""Seconds. A process may have to load a new version first. A slower process continues with the earlier phase, and its rows say so."""
PAUSE_SECONDS = 0.01
LEASE_SECONDS = 0.6
"""Seconds for which a process may answer after its last poll."""
ROUTER_LEASE = timedelta(seconds=LEASE_SECONDS)
HEARD_SECONDS = LEASE_SECONDS + 0.05
"""Seconds: a lease, plus the time an answer that was checked against it takes to leave."""
EVER = timedelta(days=10_000)


async def everywhere(hub: Outside, group_id: UUID | None = None) -> bool:
    """Return once every living process has acknowledged all earlier commits, or its lease has run out.

    With a group, also wait until no process is late with it. False when `PROPAGATION_SECONDS` end first.
    """
    deadline = time.monotonic() + PROPAGATION_SECONDS
    async with hub.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        since = await propagation_repository.wake_routers(connection)
        while behind := await propagation_repository.routers_behind(connection, since, group_id, ROUTER_LEASE):
            if time.monotonic() > deadline:
                log.warning("%s processes still route group %s by its earlier phase", behind, group_id)
                return False
            await asyncio.sleep(PAUSE_SECONDS)
    return True


async def heard(hub: Outside) -> None:
    """Return once every process that answers on a lease has heard of the halts and resumptions committed before this call.

    Either each process has acknowledged them, or its lease has run out. Only a poll that heard the halts renews a lease, for 600 ms from its sending. So after
    one lease this is certain, whatever delays an acknowledgement or this process's question.
    """
    until = time.monotonic() + HEARD_SECONDS
    try:
        async with asyncio.timeout(HEARD_SECONDS):
            if await everywhere(hub):
                return
    except Exception as error:
        log.warning("could not ask the processes whether they heard the halt (%s); waiting for their leases to end", type(error).__name__)
    await asyncio.sleep(max(until - time.monotonic(), 0.0))


async def lost(hub: Outside) -> int:
    """Count the processes that neither ended properly nor polled of late. They may live and have lost PostgreSQL.

    A process that was silent for an hour is removed when another begins.
    """
    async with hub.engine.connect() as connection:
        connection = await connection.execution_options(isolation_level="AUTOCOMMIT")
        to_come = hub.clock.now() + EVER
        ever, living = [await propagation_repository.routers_behind(connection, to_come, None, lease) for lease in (EVER, ROUTER_LEASE)]
    return ever - living


async def warm_everywhere(hub: Outside, version_id: UUID) -> bool:
    """Return whether every living process has loaded the version."""
    async with hub.engine.connect() as connection:
        return not await propagation_repository.routers_cold(connection, version_id, ROUTER_LEASE)
