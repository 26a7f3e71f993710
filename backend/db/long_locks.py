"""Named locks of a transaction with long work outside the database, such as writing files. They too are released when their holder is cut off."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import SILENCE, end_in_silence, try_lock

ASK_SECONDS = 0.2


async def lock_within(session: AsyncSession, name: str, seconds: float) -> bool:
    """Ask for a lock until it is free or the time is over; return whether it was taken. From then on PostgreSQL ends the idle transaction, unless it is kept
    `awake`.
    """
    deadline = time.monotonic() + seconds
    while not await try_lock(session, name):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(ASK_SECONDS)
    await end_in_silence(session)
    return True


@asynccontextmanager
async def awake(session: AsyncSession) -> AsyncIterator[None]:
    """Keep a transaction and its locks alive during work outside the database. Nothing else may use the session meanwhile.

    Raises the session's error at the end when the session ended meanwhile: that work was then not done under the lock.
    """
    over = asyncio.Event()
    asking = asyncio.create_task(_ask_until(session, over))
    try:
        yield
    finally:
        over.set()
        await asking


async def _ask_until(session: AsyncSession, over: asyncio.Event) -> None:
    while True:
        await session.execute(text("SELECT 1"))
        if over.is_set():
            return
        try:
            async with asyncio.timeout(SILENCE.total_seconds() / 3):
                await over.wait()
        except TimeoutError:
            continue
