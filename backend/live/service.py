"""Follows changes: first the current state, then every event in order. Nothing is lost between two connections."""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

import msgspec

from backend.actor import Actor
from backend.declarations.events import EventKind
from backend.errors import Unauthorized
from backend.hub import Hub
from backend.live import repository
from backend.live.rules import resume_after
from backend.live.tables import LiveEventRow
from backend.uncancelled import undisturbed
from backend.work.unit import UnitOfWork

T = TypeVar("T")
log = logging.getLogger("tiltyard.live")
START = "start"
"""The id of all initial items except the last. A client that got only these starts again."""
MOST_AT_ONCE = 200


@dataclass(frozen=True)
class Topic(Generic[T]):
    """What to follow: events of a kind, of one subject or of all. `now` reads the current state when nothing is resumed."""

    kind: EventKind[T]
    now: Callable[[UnitOfWork], Awaitable[Sequence[T]]]
    subject: str | None = None


async def follow(hub: Hub, actor: Actor, topic: Topic[T], last_id: str | None) -> AsyncGenerator[tuple[str, T], None]:
    """Yield ids and items: the current state and then every change, or every change after `last_id` while those are stored. It never ends by itself.

    Raises what `topic.now` raises, and Unauthorized.
    """
    if actor.tenant_id is None:
        raise Unauthorized
    with hub.wakeups.watch(actor.tenant_id, topic.kind.name, topic.subject) as watch:
        position, begin = await undisturbed(_begin(hub, actor, topic, last_id))
        for at, item in enumerate(begin, start=1):
            yield str(position) if at == len(begin) else START, item
        while True:
            watch.rest()
            events = await undisturbed(_after(hub, actor, topic, position))
            for event in events:
                position = event.seq
                try:
                    item = msgspec.convert(event.payload, topic.kind.payload)
                except msgspec.ValidationError:  # written by another release
                    log.warning("event %s of the kind %s cannot be read", event.seq, event.kind)
                    continue
                yield str(position), item
            if not events:
                await watch.wait(hub.wakeups.patience)


async def _begin(hub: Hub, actor: Actor, topic: Topic[T], last_id: str | None) -> tuple[int, Sequence[T]]:
    """Return the number to continue after, and the initial items."""
    async with hub.work(actor, read_only=True) as work:
        span = await repository.span(work.session, work.tenant_id)
        position = resume_after(last_id, span)
        return (span.newest, await topic.now(work)) if position is None else (position, [])


async def _after(hub: Hub, actor: Actor, topic: Topic[T], position: int) -> Sequence[LiveEventRow]:
    async with hub.work(actor, read_only=True) as work:
        return await repository.after(work.session, work.tenant_id, position, topic.kind.name, topic.subject, MOST_AT_ONCE)


async def newest_of(work: UnitOfWork, kind: EventKind[Any], subject: str) -> int:
    """Return the number of a subject's newest event of a kind; 0 without one."""
    return await repository.newest_of(work.session, work.tenant_id, kind.name, subject)


@dataclass(frozen=True)
class Noticed:
    """A subject's newest event: its number, its payload, and its age."""

    seq: int
    payload: dict[str, object]
    age: timedelta


async def newest(work: UnitOfWork, kind: EventKind[Any], since: datetime | None = None) -> dict[str, Noticed]:
    """Return the newest event of each subject of a kind."""
    rows = await repository.newest(work.session, work.tenant_id, kind.name, since)
    return {row.subject: Noticed(row.seq, row.payload or {}, work.now - row.at) for row in rows}


async def prune(work: UnitOfWork) -> int:
    """Remove the events of all tenants that are older than a day. Return their number."""
    return await repository.prune(work.session)
