"""Telling every process of new routing: all SQL."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def wake_routers(connection: AsyncConnection) -> datetime:
    """Have every process poll; gives the database's moment before that."""
    now: datetime = (await connection.execute(text("SELECT hub_now()"))).scalar_one()
    await connection.execute(text("SELECT pg_notify('tiltyard_routing', '')"))
    return now


async def routers_behind(connection: AsyncConnection, since: datetime, group_id: UUID | None, lease: timedelta) -> int:
    """How many living processes have not acknowledged what was so at a moment, or are late with the group."""
    values = {"since": since, "group": group_id, "lease": lease}
    return int((await connection.execute(text("SELECT routers_behind(:since, CAST(:group AS uuid), :lease)"), values)).scalar_one())


async def routers_cold(connection: AsyncConnection, version_id: UUID, lease: timedelta) -> int:
    """How many living processes have not loaded a version."""
    return int((await connection.execute(text("SELECT routers_cold(:version, :lease)"), {"version": version_id, "lease": lease})).scalar_one())
