"""The hub: the outside handles, and the unit of work on them."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

from backend.actor import Actor
from backend.outside import Outside
from backend.work.unit import UnitOfWork, open_work


@dataclass(frozen=True)
class Hub(Outside):
    """What a process needs to carry out use cases."""

    def work(self, actor: Actor, read_only: bool = False) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a unit of work for the actor's tenant."""
        return open_work(self, actor, read_only)
