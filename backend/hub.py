"""The hub: everything outside, and the unit of work on it."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from backend.actor import Actor
from backend.outside import Outside
from backend.work.unit import UnitOfWork, open_work


@dataclass(frozen=True)
class Hub(Outside):
    """What a process holds to carry out use cases."""

    def work(self, actor: Actor, read_only: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work for the actor's tenant."""
        return open_work(self, actor, read_only)
