"""The unit of work: one transaction for one tenant, then the actions promised for after it."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from backend.actor import Actor
from backend.db import tenancy
from backend.declarations.actions import AuditAction
from backend.declarations.events import EventKind
from backend.errors import Unauthorized
from backend.outside import Outside
from backend.work.audit_chain import PendingEntry, plain
from backend.work.audit_entries import append
from backend.work.audit_head import note_head
from backend.work.events import PendingEvent
from backend.work.events import append as append_events
from backend.work.reads import recent
from schemas.common import Json, Shape

log = logging.getLogger("tiltyard.work")
T = TypeVar("T")


class UnitOfWork:
    """The context of a use case. Nothing leaves the process before the transaction is committed."""

    def __init__(self, hub: Outside, actor: Actor, session: AsyncSession, now: datetime) -> None:
        """`now` is the hub's time at the transaction's start."""
        self.hub = hub
        self.actor = actor
        self.session = session
        self.now = now
        self._changes: list[PendingEntry] = []
        self._events: list[PendingEvent] = []
        self._reads: list[tuple[PendingEntry, bool]] = []
        self._after: list[Callable[[], Awaitable[None]]] = []
        self._amendments: list[Callable[[Any], Any]] = []

    @property
    def tenant_id(self) -> UUID:
        """The tenant. Raises Unauthorized when nobody is signed in."""
        if self.actor.tenant_id is None:
            raise Unauthorized
        return self.actor.tenant_id

    @property
    def audited(self) -> bool:
        """Whether a change was recorded."""
        return bool(self._changes)

    @property
    def has_read(self) -> bool:
        """Whether a read was recorded."""
        return bool(self._reads)

    async def become(self, actor: Actor) -> None:
        """Continue as another actor: signing in starts as nobody and ends as somebody."""
        self.actor = actor
        await tenancy.enter(self.session, actor.tenant_id, read_only=False)

    def audit(self, action: AuditAction, subject: str, before: Shape | Json = None, after: Shape | Json = None) -> None:
        """Record a change of a subject (`group:live_credit_scoring`) in this transaction."""
        who = self.actor
        self._changes.append(
            PendingEntry(actor=who.name, actor_id=who.person_id or who.token_id, action=action.name, subject=subject, before=plain(before), after=plain(after))
        )

    def audit_read(self, action: AuditAction, subject: str, what: Shape | Json = None, *, once: bool = True) -> None:
        """Record a read of personal data. The entry is written in its own transaction before the caller gets the answer.

        With `once`, an entry of the last quarter of an hour stands for the same person's repeated read.
        """
        who = self.actor
        entry = PendingEntry(actor=who.name, actor_id=who.person_id or who.token_id, action=action.name, subject=subject, after=plain(what))
        self._reads.append((entry, once))

    def live(self, kind: EventKind[T], subject: str, payload: T | None = None, every: timedelta = timedelta()) -> None:
        """Notify watchers by an event in this transaction. With `every`, an event written within that time replaces it."""
        self._events.append(PendingEvent(kind.name, subject, payload, every))

    def after_commit(self, action: Callable[[], Awaitable[None]]) -> None:
        """Run this once the change is durable. A failure is logged and does not undo the change."""
        self._after.append(action)

    def amend(self, change: Callable[[Any], Any]) -> None:
        """Change the caller's answer after the commit: `change` returns the new answer."""
        self._amendments.append(change)

    def amended(self, answer: T) -> T:
        """Return the answer with its amendments."""
        for change in self._amendments:
            answer = change(answer)
        return answer

    def start_run(self, run_id: UUID, kind: str, delay: timedelta | None = None) -> None:
        """Ask a worker, after the commit, to execute a run that this transaction inserted."""
        self.after_commit(lambda: self.hub.queue.run(run_id, kind, delay))

    async def announce_routing(self) -> None:
        """Notify every process of changed routing. This process has it before the caller gets the answer."""
        await self.session.execute(text("SELECT pg_notify('tiltyard_routing', '')"))
        for refresh in self.hub.routing_watchers:
            self.after_commit(refresh)

    async def finish(self) -> None:
        """Write the audit entries and the live events; the commit comes next."""
        if self._changes:
            await self.session.flush()
            chain = self.tenant_id
            seq, head = await append(self.session, chain, self.now, self._changes)
            self.after_commit(lambda: asyncio.to_thread(note_head, self.hub, chain, seq, head))
        if self._events:
            await self.session.flush()
            tenant_id = self.tenant_id
            if told := await append_events(self.session, tenant_id, self._events):
                self.after_commit(lambda: self.hub.wakeups.announce(tenant_id, told))

    def take_over(self, reads: Sequence[PendingEntry]) -> None:
        """Take over another unit of work's reads, to write them with this one."""
        self._changes += reads

    def fresh_reads(self) -> list[tuple[PendingEntry, Hashable]]:
        """Return the reads without a recent entry, each with its key."""
        known = [(entry, (self.tenant_id, entry.actor_id, entry.action, entry.subject), once) for entry, once in self._reads]
        return [(entry, key) for entry, key, once in known if not once or recent.is_new(key)]

    async def deliver(self) -> None:
        """Run the actions that waited for the commit."""
        for action in self._after:
            try:
                await action()
            except Exception:
                log.exception("an action for after the commit failed")


@asynccontextmanager
async def open_work(hub: Outside, actor: Actor, read_only: bool = False) -> AsyncIterator[UnitOfWork]:
    """Open one transaction for the actor's tenant. An exception rolls everything back."""
    async with AsyncSession(hub.engine, expire_on_commit=False) as session:
        async with session.begin():
            _ = await session.connection()  # waiting for a connection does not count as time
            asked = time.monotonic()
            now = await tenancy.enter(session, actor.tenant_id, read_only)
            hub.clock.learn(now, asked, time.monotonic())
            work = UnitOfWork(hub, actor, session, now)
            yield work
            await work.finish()
        await work.deliver()
    if work.has_read and (reads := work.fresh_reads()):
        async with open_work(hub, actor) as keeping:
            keeping.take_over([entry for entry, _ in reads])
        for _, key in reads:
            recent.kept(key)
