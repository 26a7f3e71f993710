"""All SQL of routing, as every process reads it."""

from datetime import datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


async def routing_stamp(connection: AsyncConnection) -> str:
    """Return a text that changes whenever any group's routing does."""
    return str((await connection.execute(text("SELECT routing_stamp()"))).scalar_one())


async def routing_state(connection: AsyncConnection) -> tuple[datetime, str, Any]:
    """Return a moment of the database, with the stamp and the halts in force then or later."""
    at = (await connection.execute(text("SELECT hub_now()"))).scalar_one()
    row = (await connection.execute(text("SELECT routing_stamp() AS stamp, routing_halts() AS halts"))).one()
    return at, str(row.stamp), row.halts


async def routing_table(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return every group of every tenant, with members and versions."""
    return [dict(row._mapping) for row in await connection.execute(text("SELECT * FROM routing_table()"))]
