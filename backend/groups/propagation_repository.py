"""All SQL that tells processes of new routing."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def wake_routers(connection: AsyncConnection) -> datetime:
    """Make every process poll. Return the database's time before that."""
    now: datetime = (await connection.execute(text("SELECT hub_now()"))).scalar_one()
    await connection.execute(text("SELECT pg_notify('tiltyard_routing', '')"))
    return now


async def routers_behind(connection: AsyncConnection, since: datetime, group_id: UUID | None, lease: timedelta) -> int:
    """Count the living processes that have not acknowledged the state at a moment, or are late with the group."""
    values = {"since": since, "group": group_id, "lease": lease}
    return int((await connection.execute(text("SELECT routers_behind(:since, CAST(:group AS uuid), :lease)"), values)).scalar_one())


async def routers_cold(connection: AsyncConnection, version_id: UUID, lease: timedelta) -> int:
    """Count the living processes that have not loaded a version."""
    return int((await connection.execute(text("SELECT routers_cold(:version, :lease)"), {"version": version_id, "lease": lease})).scalar_one())
