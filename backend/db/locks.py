"""Named locks of a transaction. PostgreSQL releases them when the transaction ends, however it ends.

A process cut off in a transaction would hold its locks until PostgreSQL finds the connection dead, which may take hours. So PostgreSQL ends a transaction that
others may wait for when it is idle for `SILENCE`.
"""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SILENCE = timedelta(seconds=15)
BRIEF_SILENCE = timedelta(seconds=3)
"""For transactions of a few statements without work in between, for which every worker's upkeep waits."""
ENDS_IN_SILENCE = "set_config('idle_in_transaction_session_timeout', :silence, true)"


async def lock(session: AsyncSession, name: str, *, shared: bool = False) -> None:
    """Wait for a lock and hold it. From now on PostgreSQL ends the transaction when it is idle. A shared lock is held beside other shared ones."""
    kind = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await session.execute(text(f"SELECT {kind}(hashtextextended(:name, 0)), {ENDS_IN_SILENCE}"), {"name": name, "silence": _silence()})


async def try_lock(session: AsyncSession, name: str) -> bool:
    """Take a lock if it is free. Nobody waits for it, so an idle transaction is harmless."""
    return bool((await session.execute(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})).scalar_one())


async def end_in_silence(session: AsyncSession, after: timedelta | None = None) -> None:
    """Let PostgreSQL end this transaction when it is idle for `after` (`SILENCE` by default). For transactions about to lock rows that others wait for."""
    await session.execute(text(f"SELECT {ENDS_IN_SILENCE}"), {"silence": _silence(after)})


def _silence(after: timedelta | None = None) -> str:
    return f"{(after or SILENCE).total_seconds() * 1000:.0f}ms"
