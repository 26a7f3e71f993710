"""What the domain needs of the outside, as Protocols. Adapters implement them; bootstrap chooses."""

from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The time, so that tests can hold it."""

    def now(self) -> datetime:
        """Now, in UTC, with its zone."""
        ...


class JobQueue(Protocol):
    """Where work for later goes. A queue may lose what it was given: rows in PostgreSQL are the truth, `sweep` asks again."""

    async def run(self, run_id: UUID, kind: str, delay: timedelta | None = None) -> None:
        """Ask a worker to execute the run; asking twice for one run is harmless."""
        ...

    async def drain(self, group_id: UUID) -> None:
        """Ask a worker to move a group's intake into its log."""
        ...
