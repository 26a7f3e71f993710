"""The hub's time in this process: PostgreSQL's `hub_now()`, continued by the process's monotonic clock between two readings."""

import time
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


class HubClock:
    """Implements `backend.ports.Clock`. Every unit of work reads `hub_now()` and so corrects the clock. The host's clock counts only before the first
    reading.
    """

    def __init__(self) -> None:
        self._zero = datetime.now(UTC) - timedelta(seconds=time.monotonic())
        """The hub's time when the monotonic clock was at 0."""
        self._zero_seconds = self._zero.timestamp()
        self._read = False

    def now(self) -> datetime:
        """Return the time in UTC."""
        return datetime.fromtimestamp(self._zero_seconds + time.monotonic(), UTC)

    def learn(self, now: datetime, asked: float, answered: float) -> None:
        """Correct the estimate: PostgreSQL read `now` between two readings of the monotonic clock. An estimate within these bounds stays."""
        earliest, latest = now - timedelta(seconds=answered), now - timedelta(seconds=asked)
        self._zero = min(max(self._zero, earliest), latest) if self._read else latest
        self._zero_seconds = self._zero.timestamp()
        self._read = True


async def read_clock(engine: AsyncEngine, clock: HubClock) -> None:
    """Read PostgreSQL's time and correct the clock."""
    async with engine.connect() as connection:
        asked = time.monotonic()
        now = (await connection.execute(text("SELECT hub_now()"))).scalar_one()
        clock.learn(now, asked, time.monotonic())
