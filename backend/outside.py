"""The handles to the outside that a use case may need."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from redis.asyncio import Redis
from sqlalchemy.ext.asyncio import AsyncEngine

from backend.disk_space import DiskSpace
from backend.ports import Clock, Files, JobQueue, Wakeups
from backend.ports.governance import Gate, NullGate, NullUseBounds, UseBounds
from backend.ports.language_models import LlmProvider
from backend.ports.log_observer import LogObserver
from backend.ports.vault import Vault
from backend.settings import Settings


@dataclass(frozen=True)
class Outside:
    """Built once per process by bootstrap. Only ports and handles: a slice that needs another slice calls its service."""

    settings: Settings
    engine: AsyncEngine
    redis: Redis
    queue: JobQueue
    clock: Clock
    vault: Vault
    llm: LlmProvider
    wakeups: Wakeups
    """Wakes watchers of live events, in this process and in others."""
    files: Files
    """Artifacts, archives and their helper files."""
    disk: DiskSpace = field(default_factory=DiskSpace)
    """Free space for the embedded servers."""
    routing_watchers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    """Called after a commit that changed routing, before the caller gets an answer."""
    observers: Sequence[LogObserver] = ()
    """Called in order with rows and outcomes, in the transaction that writes them."""
    gate: Gate = field(default_factory=NullGate)
    """Asked before a split, a ramp, a promotion, a rollback or the end of a halt."""
    use_bounds: UseBounds = field(default_factory=NullUseBounds)
    """Asked before a prediction."""

    @property
    def data_dir(self) -> Path:
        """The data folder."""
        return self.settings.data_dir
