"""Moves a group's intake into its log: explain, write, commit, and only then delete from the stream.

An advisory lock allows one drainer per group; PostgreSQL releases it when its holder dies. So while the lock is held, every entry in the stream was left by a
dead drainer. Reading from the beginning claims entries, and deleting committed ones acknowledges them.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import msgspec

from backend.actor import ANONYMOUS
from backend.db.locks import try_lock
from backend.hub import Hub
from backend.inference_log import repository
from backend.inference_log.batch_size import Entry, Portions
from backend.inference_log.explanations.explain import Explainer, by_version
from backend.inference_log.explanations.residual_events import tell_doubts
from backend.inference_log.record import Record, decode
from backend.inference_log.redis.keys import dead_key, stream_key
from backend.inference_log.refs import LogRef, ref_of
from backend.inference_log.rows import Row, rows_of
from backend.inference_log.writer import Partitions, write
from backend.work.unit import UnitOfWork
from schemas.inference import Explanation

log = logging.getLogger("tiltyard.drain")

Dead = tuple[Entry, str]
"""An entry that cannot be stored, and the reason."""
BURY = "if redis.call('XDEL', KEYS[1], ARGV[1]) == 1 then redis.call('RPUSH', KEYS[2], ARGV[2]) end"


class Batch(NamedTuple):
    """Entries that were read and explained: the rows of records, the entry of each row, and the entries that are no records.

    With `more`, others may follow.
    """

    entries: list[Entry]
    more: bool
    readable: list[Entry]
    rows: list[Row]
    dead: list[Dead]
    explanations: Sequence[Explanation | None]


class StoredBatch(NamedTuple):
    """The number of moved entries, whether more may exist, and the batch read meanwhile."""

    moved: int
    more: bool
    following: Batch | None


class Drainer:
    """Drains logs in one worker process. Keeps loaded versions and known partitions between jobs."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.explainer = Explainer(hub)
        self._partitions = Partitions(hub)
        self._portions = Portions()
        self._refs: dict[UUID, LogRef] = {}
        self._asked_again: dict[UUID, bool] = {}
        """The groups that this process drains, and whether a drain was requested since the stream was last read."""
        self.prepared = ""
        """The routing's stamp at the last preparation of versions."""

    async def drain(self, group_id: UUID, seconds: float, gather: float = 0.0) -> int:
        """Move entries until the stream is empty, the time is over, or another drainer holds the lock. Return the number moved.

        While PostgreSQL stores a batch, the next one is read and explained. After the last one, wait `gather` seconds for more: every batch has a fixed cost. A
        drain that runs out of time makes the next batches smaller.
        """
        if group_id in self._asked_again:
            self._asked_again[group_id] = True
            return 0
        self._asked_again[group_id] = False
        try:
            ref = await self._find(group_id)
            return await self._drain(ref, time.monotonic() + seconds, gather) if ref else 0
        finally:
            del self._asked_again[group_id]

    async def _drain(self, ref: LogRef, deadline: float, gather: float) -> int:
        moved = 0
        batch: Batch | None = None
        while time.monotonic() < deadline:
            self._asked_again[ref.group_id] = False
            stored = await self._move(ref, batch, time.monotonic() + 1 < deadline)
            if stored is None:
                break
            moved, batch = moved + stored.moved, stored.following
            if not stored.moved and not self._asked_again[ref.group_id]:
                break
            if not stored.more and batch is None:
                await asyncio.sleep(gather)
        return moved

    async def _find(self, group_id: UUID) -> LogRef | None:
        if group_id not in self._refs:
            async with self._hub.work(ANONYMOUS, read_only=True) as work:
                row = await repository.log_of(work.session, group_id)
            if row is None:
                return None
            self._refs[group_id] = ref_of(row)
        return self._refs[group_id]

    async def _move(self, ref: LogRef, batch: "Batch | None", more: bool) -> "StoredBatch | None":
        """Store one batch, read now unless already read. None when another drainer holds the lock."""
        following: asyncio.Task[Batch] | None = None
        try:
            async with self._hub.work(ref.actor) as work:
                if not await try_lock(work.session, f"drain:{ref.group_id}"):
                    return None
                batch = batch if batch and batch.entries else await self._prepare(ref, b"-")
                if not batch.entries:
                    return StoredBatch(0, False, None)
                if more and batch.more:
                    following = asyncio.create_task(self._prepare(ref, b"(" + batch.entries[-1][0]))
                refused = await self._store(work, ref, batch)
            await self._acknowledge(ref, batch.entries, refused)
            self._portions.stored(ref.group_id)
            return StoredBatch(len(batch.entries), batch.more, await following if following else None)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._portions.too_much(ref.group_id, len(batch.entries) if batch else None)
            if following:
                following.cancel()
            raise

    async def _prepare(self, ref: LogRef, after: bytes) -> "Batch":
        """Read the next entries and explain them."""
        entries, more = await self._portions.read(self._hub.redis, ref.group_id, after)
        records, readable, dead = await asyncio.to_thread(_read, entries)
        if not records:
            return Batch(entries, more, [], [], dead, [])
        await self._partitions.cover(ref, [record.inference_id for record in records])
        open_cases = [
            (one.version_id, (one.inference_id, one.inputs, (one.output or {}).get("margin")))
            for one in records
            if one.explanation is None and one.status != "failed"
        ]
        async with self._hub.work(ref.actor, read_only=True) as work:
            explained = await self.explainer.explain(work, by_version(open_cases))
        rows = await asyncio.to_thread(rows_of, records, explained, self._hub.clock.now())
        return Batch(entries, more, readable, rows, dead, [*explained.values(), *(one.explanation for one in records)])

    async def _store(self, work: UnitOfWork, ref: LogRef, batch: "Batch") -> list[Dead]:
        tell_doubts(work, ref.slug, batch.explanations)
        refused = await write(work, ref, batch.rows) if batch.rows else []
        return batch.dead + [(batch.readable[at], why) for at, why in refused]

    async def _acknowledge(self, ref: LogRef, entries: Sequence[Entry], dead: Sequence[Dead]) -> None:
        """Delete stored entries from the stream, and move the rest to the dead letters, in one step and once for concurrent readers."""
        lost = {entry_id for (entry_id, _), _ in dead}
        async with self._hub.redis.pipeline(transaction=True) as pipe:
            for (entry_id, raw), why in dead:
                log.error("entry %s of group %s cannot be stored: %s", entry_id.decode(), ref.slug, why)
                letter = {"id": entry_id.decode(), "at": self._hub.clock.now(), "error": why, "record": raw}
                pipe.eval(BURY, 2, stream_key(ref.group_id), dead_key(ref.group_id), entry_id, msgspec.msgpack.encode(letter))  # type: ignore[arg-type]
            if kept := [entry_id for entry_id, _ in entries if entry_id not in lost]:
                pipe.xdel(stream_key(ref.group_id), *kept)
            await pipe.execute()


def _read(entries: Sequence[Entry]) -> tuple[list[Record], list[Entry], list[Dead]]:
    """Return the records, their entries, and the entries that are no records."""
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
