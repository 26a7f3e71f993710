"""The domain's needs of the outside, as Protocols. Adapters implement them; bootstrap chooses."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from uuid import UUID


class Clock(Protocol):
    """The hub's time: PostgreSQL's `hub_now()`, the same on every host."""

    def now(self) -> datetime:
        """Return the time in UTC, with its zone."""
        ...

    def learn(self, now: datetime, asked: float, answered: float) -> None:
        """Correct the clock: PostgreSQL read `now` between two readings of the monotonic clock."""
        ...


class JobQueue(Protocol):
    """The queue for later work. It may lose entries: rows in PostgreSQL are authoritative, and `sweep` asks again."""

    async def run(self, run_id: UUID, kind: str, delay: timedelta | None = None) -> None:
        """Ask a worker to execute the run. Repeating it is harmless."""
        ...

    async def drain(self, group_id: UUID) -> None:
        """Ask a worker to move a group's intake into its log."""
        ...

    async def depths(self, queues: Sequence[str]) -> list[int]:
        """How many jobs of each queue wait or are being carried out."""
        ...


class Files(Protocol):
    """The hub's files by name, such as `artifacts/ab/abcd…`. A file is complete or absent. Every call blocks: use a thread.

    With `sha256`, the content must have this digest; else the digest stored with it. Reading raises FileLost, FileAltered. Every call raises FilesAway when the
    storage does not answer.
    """

    def put(self, name: str, draft: Path, sha256: str) -> None:
        """Move a local file with this digest to its place; the draft is gone afterwards."""
        ...

    def write(self, name: str, content: bytes) -> None:
        """Write a small file, and its digest with it."""
        ...

    def read(self, name: str, sha256: str | None = None) -> bytes:
        """Return a small file's content."""
        ...

    def open(self, name: str, sha256: str | None = None) -> AbstractContextManager[Path]:
        """Yield a checked local file with the content, for reading only."""
        ...

    def fetch(self, name: str, sha256: str) -> Path:
        """Return the path of a lasting local file with the content. For files that never change; the reader checks existence and digest again."""
        ...

    def size(self, name: str) -> int | None:
        """Return the size in bytes; None without a file."""
        ...

    def delete(self, name: str) -> None:
        """Remove the file; a missing one is no error."""
        ...

    def list(self, prefix: str) -> Sequence[str]:
        """Return the names in a folder, sorted."""
        ...

    def draft(self, name: str) -> Path:
        """Return a new path for writing a draft to `put`."""
        ...

    def clear_drafts(self, prefix: str) -> None:
        """Remove abandoned drafts in a folder. Only for callers that know that nobody writes there."""
        ...


Told = tuple[str, str]
"""An event's kind and subject."""


class Watch(Protocol):
    """One watcher of a tenant's events."""

    def rest(self) -> None:
        """Clear the wake-up. Call it before reading, so that an event during the reading wakes the watcher again."""
        ...

    async def wait(self, seconds: float) -> bool:
        """Return whether it was woken within this number of seconds."""
        ...


class Wakeups(Protocol):
    """Wakes watchers of live events. A wake-up may be lost: watchers look by themselves after `patience` seconds."""

    @property
    def patience(self) -> float:
        """Seconds that a watcher may wait before it looks by itself."""
        ...

    def watch(self, tenant_id: UUID, kind: str, subject: str | None = None) -> AbstractContextManager[Watch]:
        """Yield a watcher of a tenant's events. Every commit from now on wakes it, so read after this."""
        ...

    def start(self) -> None:
        """Listen to the other processes, if not listening yet."""
        ...

    async def announce(self, tenant_id: UUID, told: Sequence[Told]) -> None:
        """Wake the watchers of this process and of the others."""
        ...
