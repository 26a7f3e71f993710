"""A limit on the duration of a transaction's statements."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def limit_statements(session: AsyncSession, seconds: float) -> None:
    """Limit every later statement of this transaction. PostgreSQL cancels a longer one, which raises DBAPIError."""
    await session.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": f"{seconds * 1000:.0f}ms"})
