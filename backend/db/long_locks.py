"""Named locks of a transaction that takes long over something else, as writing files: they too are let go of when their holder is cut off."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.db.locks import SILENCE, end_in_silence, try_lock

ASK_SECONDS = 0.2


async def lock_within(session: AsyncSession, name: str, seconds: float) -> bool:
    """Ask for a lock until it is there or the time is over; is it? From then on the transaction ends in silence, unless it is kept `awake`."""
    deadline = time.monotonic() + seconds
    while not await try_lock(session, name):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(ASK_SECONDS)
    await end_in_silence(session)
    return True


@asynccontextmanager
async def awake(session: AsyncSession) -> AsyncIterator[None]:
    """Keep a transaction, and with it its locks, from ending in silence while something else is done. Nothing else may use the session meanwhile.

    Raises at the end what the session raises when it has been ended all the same: what was done meanwhile was then not done under the lock.
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
