"""From a group's intake into its log: explained, written, committed, and only then taken off the stream.

One drainer a group at a time, by an advisory lock that PostgreSQL lets go of when its holder dies. So whatever lies in the stream while the
lock is held was left by nobody alive: reading from its beginning is claiming, and deleting what is committed is acknowledging.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec

from backend.access.actor import ANONYMOUS
from backend.inference import repository
from backend.inference.log.doubts import tell_doubts
from backend.inference.log.explain import Explainer, by_version
from backend.inference.log.record import FIELD, Record, dead_key, decode, stream_key
from backend.inference.log.rows import Row, rows_of
from backend.inference.log.writer import LogRef, Partitions, write
from backend.work import UnitOfWork
from schemas.inference import Explanation

if TYPE_CHECKING:
    from backend.bootstrap import Hub

log = logging.getLogger("tiltyard.drain")
BATCH = 2000

Entry = tuple[bytes, bytes]
"""A stream entry's id and its record."""
Dead = tuple[Entry, str]
"""An entry that cannot be stored, and why."""


async def log_refs(hub: "Hub") -> list[LogRef]:
    """Every log there is."""
    async with hub.work(ANONYMOUS, read_only=True) as work:
        return [_ref(row) for row in await repository.logs(work.session)]


class Drainer:
    """Drains the logs in one worker process; keeps loaded versions and known partitions between jobs."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self.explainer = Explainer(hub)
        self._partitions = Partitions(hub)
        self._refs: dict[UUID, LogRef] = {}
        self.prepared = ""
        """The routing's stamp when what serves was last made ready."""
        self.swept_at = 0.0
        """When the process last looked for rows without their explanation."""

    async def drain(self, group_id: UUID, seconds: float) -> int:
        """Move entries until the stream is found empty, the time is over, or somebody else is at it; how many were moved."""
        ref = await self._find(group_id)
        moved, deadline = 0, time.monotonic() + seconds
        while ref and time.monotonic() < deadline:
            batch = await self._move_batch(ref)
            if not batch:
                break
            moved += batch
        return moved

    async def _find(self, group_id: UUID) -> LogRef | None:
        if group_id not in self._refs:
            async with self._hub.work(ANONYMOUS, read_only=True) as work:
                row = await repository.log_of(work.session, group_id)
            if row is None:
                return None
            self._refs[group_id] = _ref(row)
        return self._refs[group_id]

    async def _move_batch(self, ref: LogRef) -> int:
        async with self._hub.work(ref.actor) as work:
            if not await repository.try_lock(work.session, f"drain:{ref.group_id}"):
                return 0
            found = await self._hub.redis.xrange(stream_key(ref.group_id), count=BATCH)
            if not found:
                return 0
            entries = [(entry_id, fields.get(FIELD, b"")) for entry_id, fields in found]
            dead = await self._store(work, ref, entries)
        await self._acknowledge(ref, entries, dead)
        return len(entries)

    async def _store(self, work: UnitOfWork, ref: LogRef, entries: Sequence[Entry]) -> list[Dead]:
        records, readable, dead = _read(entries)
        if not records:
            return dead
        await self._partitions.cover(ref, [record.inference_id for record in records])
        open_cases = [(one.version_id, (one.inference_id, one.inputs)) for one in records if one.explanation is None and one.status != "failed"]
        explained = await self.explainer.explain(work, by_version(open_cases))
        tell_doubts(work, ref.slug, [*explained.values(), *(one.explanation for one in records)])
        rows = await asyncio.to_thread(_rows, records, explained, work)
        refused = await write(work, ref, rows)
        return dead + [(readable[at], why) for at, why in refused]

    async def _acknowledge(self, ref: LogRef, entries: Sequence[Entry], dead: Sequence[Dead]) -> None:
        """Off the stream, and what cannot be stored onto the dead letters, in one step."""
        async with self._hub.redis.pipeline(transaction=True) as pipe:
            for (entry_id, raw), why in dead:
                log.error("entry %s of group %s cannot be stored: %s", entry_id.decode(), ref.slug, why)
                letter = {"id": entry_id.decode(), "at": self._hub.clock.now(), "error": why, "record": raw}
                pipe.rpush(dead_key(ref.group_id), msgspec.msgpack.encode(letter))
            pipe.xdel(stream_key(ref.group_id), *(entry_id for entry_id, _ in entries))
            await pipe.execute()


def _read(entries: Sequence[Entry]) -> tuple[list[Record], list[Entry], list[Dead]]:
    """The records, the entries they came from, and the entries that are no records."""
    records: list[Record] = []
    readable: list[Entry] = []
    dead: list[Dead] = []
    for entry in entries:
        try:
            records.append(decode(entry[1]))
            readable.append(entry)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            dead.append((entry, f"not a record: {error}"))
    return records, readable, dead


def _rows(records: Sequence[Record], explained: dict[UUID, Explanation], work: UnitOfWork) -> list[Row]:
    return rows_of(records, explained, work.hub.clock.now())


def _ref(row: Any) -> LogRef:
    return LogRef(row.group_id, row.tenant_id, row.slug, row.table_name)
