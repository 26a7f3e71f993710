"""The control of this process: its known halts, and the lease on which it answers.

Only PostgreSQL gives the lease. It starts when a poll is sent, so a process that is cut off stops answering 600 ms later at the latest. Nobody has to wait
longer than that for a change to reach it.
"""

import asyncio
import threading
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from backend.groups.propagation import LEASE_SECONDS
from backend.serving.errors import ControlLost, GroupHalted
from backend.serving.routing.table import GroupFacts
from schemas.common import Shape

GRACE_SECONDS = 1.0
"""Seconds that a request waits for the next poll after the lease has just ended: a busy machine is not a lost connection."""


class HaltFacts(Shape, frozen=True, kw_only=True):
    """A halt in force: of a group, or of a version in every group."""

    tenant_id: UUID
    group_id: UUID | None
    version_id: UUID | None
    by: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Halts:
    """All halts in force at one moment of the database."""

    groups: Mapping[UUID, HaltFacts] = field(default_factory=dict)
    versions: Mapping[UUID, HaltFacts] = field(default_factory=dict)


def halts_of(facts: Iterable[HaltFacts]) -> Halts:
    """Halts by what they stop."""
    listed = list(facts)
    return Halts({one.group_id: one for one in listed if one.group_id}, {one.version_id: one for one in listed if one.version_id})


class Control:
    """Written by the control line's thread and by a refresh, read by every request."""

    def __init__(self) -> None:
        self.halts = Halts()
        self._until = 0.0
        self._heard_at: datetime | None = None
        self._writing = threading.Lock()

    @property
    def held(self) -> bool:
        """Return whether the lease is running."""
        return time.monotonic() < self._until

    @property
    def age(self) -> float:
        """Return the seconds since the lease was last renewed. It lasts `LEASE_SECONDS`."""
        return time.monotonic() - self._until + LEASE_SECONDS

    def hear(self, at: datetime, halts: Halts) -> None:
        """Take over the halts of the database's moment `at`. Older ones change nothing."""
        with self._writing:
            if self._heard_at is not None and at < self._heard_at:
                return
            self._heard_at = at
            if halts != self.halts:
                self.halts = halts

    def renew(self, sent: float, current: bool) -> None:
        """Renew the lease from a poll sent at `sent` (`time.monotonic`), after its halts were read.

        Only a poll that found the table `current` renews an ended lease: nobody waits for this process to learn of a change any more.
        """
        if current or self.held:
            self._until = max(self._until, sent + LEASE_SECONDS)

    async def admit(self, group: GroupFacts, answered: Iterable[UUID] = ()) -> bool:
        """Return whether this process may answer for the group with these versions. False means an answer without control, if the group allows it.

        Raises GroupHalted, ControlLost.
        """
        held = self.held or await self._regained()
        halts = self.halts
        if halt := halts.groups.get(group.group_id):
            raise halted(f"The group {group.slug}", halt)
        if halts.versions:
            for version_id in answered:
                if halt := halts.versions.get(version_id):
                    raise halt_of(group.slug, halt)
        if not held and group.on_control_loss == "refuse":
            raise ControlLost
        return held

    async def _regained(self) -> bool:
        """Wait briefly for a lease that has just ended."""
        deadline = self._until + GRACE_SECONDS
        while time.monotonic() < deadline:
            await asyncio.sleep(0.01)
            if self.held:
                return True
        return False


def halted(what: str, halt: HaltFacts) -> GroupHalted:
    """Return the refusal with the person, the reason and the time."""
    reason = f": {halt.reason}" if halt.reason else ""
    since = halt.at.isoformat(timespec="seconds")
    return GroupHalted(f"{what} was halted by {halt.by} at {since}{reason}. It answers again once it is resumed.", by=halt.by, reason=halt.reason, since=since)


def halt_of(slug: str, halt: HaltFacts) -> GroupHalted:
    """Return the same when the answering version was halted."""
    return halted(f"The version that answers in the group {slug}", halt)
