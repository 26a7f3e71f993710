"""What the domain needs of the outside, as Protocols. Adapters implement them; bootstrap chooses."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The hub's time: PostgreSQL's `hub_now()`, the same on every host."""

    def now(self) -> datetime:
        """Now, in UTC, with its zone."""
        ...

    def learn(self, now: datetime, asked: float, answered: float) -> None:
        """Correct it: PostgreSQL read `now` between two readings of the monotonic clock."""
        ...


class JobQueue(Protocol):
    """Where work for later goes. A queue may lose what it was given: rows in PostgreSQL are the truth, `sweep` asks again."""

    async def run(self, run_id: UUID, kind: str, delay: timedelta | None = None) -> None:
        """Ask a worker to execute the run; asking twice for one run is harmless."""
        ...

    async def drain(self, group_id: UUID) -> None:
        """Ask a worker to move a group's intake into its log."""
        ...


Told = tuple[str, str]
"""An event's kind and subject."""


class Watch(Protocol):
    """One watcher of a tenant's events."""

    def rest(self) -> None:
        """Forget what woke it. Before reading: what comes during the reading wakes it again."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Was it woken within so many seconds?"""
        ...


class Wakeups(Protocol):
    """Wakes those who watch live events. A wake-up may be lost: watchers look by themselves after `patience` seconds."""

    @property
    def patience(self) -> float:
        """How long a watcher may wait before it looks by itself, in seconds."""
        ...

    def watch(self, tenant_id: UUID, kind: str, subject: str | None = None) -> AbstractContextManager[Watch]:
        """A watcher of a tenant's events, until the block is left. Whatever is committed from now on wakes it, so read after this."""
        ...

    def start(self) -> None:
        """Listen to the other processes, if it does not yet."""
        ...

    async def announce(self, tenant_id: UUID, told: Sequence[Told]) -> None:
        """Wake the watchers of this process and of the others."""
        ...
