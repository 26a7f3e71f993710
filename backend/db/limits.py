"""How long one statement of a transaction may take."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def limit_statements(session: AsyncSession, seconds: float) -> None:
    """From now on in this transaction PostgreSQL gives up a statement that takes longer; it then raises DBAPIError."""
    await session.execute(text("SELECT set_config('statement_timeout', :limit, true)"), {"limit": f"{seconds * 1000:.0f}ms"})
