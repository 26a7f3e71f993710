"""What the domain needs of the outside, as Protocols. Adapters implement them; bootstrap chooses."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
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

    async def depths(self, queues: Sequence[str]) -> list[int]:
        """How many jobs of each queue wait or are being carried out."""
        ...


class Files(Protocol):
    """The hub's files by name, as `artifacts/ab/abcd…`. One is whole or not there. Everything here blocks, and belongs in a thread.

    Where `sha256` is given, what is read has this digest; else it has the digest it was written with. Reading raises FileLost, FileAltered, and
    everything raises FilesAway where the storage does not answer.
    """

    def put(self, name: str, draft: Path, sha256: str) -> None:
        """Have a local file take its place, with this digest; the draft is gone afterwards."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, and its digest with it."""
        ...

    def read(self, name: str, sha256: str | None = None) -> bytes:
        """A small file, whole."""
        ...

    def open(self, name: str, sha256: str | None = None) -> AbstractContextManager[Path]:
        """A checked local file with its content, for the time of the block. Not to be written to."""
        ...

    def fetch(self, name: str, sha256: str) -> Path:
        """Where a local file with its content stays. For files that never change; its reader checks the digest once more, and that it is there."""
        ...

    def size(self, name: str) -> int | None:
        """Bytes; None where there is no such file."""
        ...

    def delete(self, name: str) -> None:
        """Remove it; what is gone already is no error."""
        ...

    def list(self, prefix: str) -> Sequence[str]:
        """The names under a folder, in their order."""
        ...

    def draft(self, name: str) -> Path:
        """Where to write what will be `put`; never the same twice."""
        ...

    def clear_drafts(self, prefix: str) -> None:
        """Remove the drafts that somebody left in a folder. Only for who knows that nobody is writing there."""
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
