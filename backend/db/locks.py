"""Named locks of a transaction: PostgreSQL lets go of them when it ends, however it ends.

A process that is cut off in the middle of a transaction would hold what others wait for until PostgreSQL finds its connection dead, which may take hours.
So a transaction that others may have to wait for is ended by PostgreSQL when nothing is asked in it for `SILENCE`.
"""

from datetime import timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

SILENCE = timedelta(seconds=15)
BRIEF_SILENCE = timedelta(seconds=3)
"""For transactions of a few statements without work between them, which every worker's upkeep waits for."""
ENDS_IN_SILENCE = "set_config('idle_in_transaction_session_timeout', :silence, true)"


async def lock(session: AsyncSession, name: str, *, shared: bool = False) -> None:
    """Wait for a lock and hold it; from now on the transaction ends in silence. Shared, it is held beside others who share it."""
    kind = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    await session.execute(text(f"SELECT {kind}(hashtextextended(:name, 0)), {ENDS_IN_SILENCE}"), {"name": name, "silence": _silence()})


async def try_lock(session: AsyncSession, name: str) -> bool:
    """Take a lock, unless somebody has it. Nobody waits for it, so silence is nobody's loss."""
    return bool((await session.execute(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))"), {"name": name})).scalar_one())


async def end_in_silence(session: AsyncSession, after: timedelta | None = None) -> None:
    """For a transaction that is about to lock rows which others wait for. `after`: `SILENCE`, unless given."""
    await session.execute(text(f"SELECT {ENDS_IN_SILENCE}"), {"silence": _silence(after)})


def _silence(after: timedelta | None = None) -> str:
    return f"{(after or SILENCE).total_seconds() * 1000:.0f}ms"
