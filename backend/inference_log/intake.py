"""The intake: a prediction is logged before its answer leaves.

Group commit: one pipelined round trip carries every waiting append, and each answer waits for its own acknowledgement. When Redis is gone, refuses an entry or
holds too much, rows go straight to PostgreSQL. When neither takes them: LogUnavailable. Rows with an idempotency key always go to PostgreSQL, because the key
is claimed in the same transaction.
"""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import NamedTuple
from uuid import UUID

from redis.exceptions import RedisError, ResponseError

from backend.actor import ANONYMOUS
from backend.batching import Batcher
from backend.hub import Hub
from backend.inference_log import idempotency, repository
from backend.inference_log.durability import Durability, Guarantee
from backend.inference_log.errors import LogUnavailable
from backend.inference_log.explanations.residual_events import tell_doubts
from backend.inference_log.record import KeyClaim, Record, encode
from backend.inference_log.redis import stream as redis_stream
from backend.inference_log.redis.keys import dead_key, stream_key
from backend.inference_log.refs import LogRef
from backend.inference_log.rows import rows_of
from backend.inference_log.writer import Partitions, write
from backend.work.unit import UnitOfWork

log = logging.getLogger("tiltyard.intake")
REDIS_SECONDS = 2.0
POSTGRES_SECONDS = 8.0
REST_SECONDS = 1.0
"""Seconds before an overfull stream is used again."""
MOST_WAITING = 200_000
"""Entries in one group's stream. Above this, its rows are written directly."""
MOST_WAITING_BYTES = 256 * 2**20
"""Bytes of Redis's memory for one group's stream. Above this, its rows are written directly."""
SAMPLES = 50
"""The number of a stream's nodes that are measured to estimate its size; all have about the same size."""
WRITERS = 4
"""Groups whose rows are written directly at the same time. A group that waits for its table blocks no other."""
WAKE_SECONDS = 0.25


class KeyTaken(Exception):
    """The request's idempotency key already has an answer, so nothing was written."""


class RowsRefused(Exception):
    """PostgreSQL refuses some rows, given by their places; nothing was written."""

    def __init__(self, places: set[int], why: str) -> None:
        super().__init__(why)
        self.places = places


class Append(NamedTuple):
    """Records of one request, and the waiting caller."""

    group_id: UUID
    records: Sequence[Record]
    done: "asyncio.Future[None]"
    claim: KeyClaim | None = None

    def succeed(self) -> None:
        """Let the request continue, unless the caller has left."""
        if not self.done.done():
            self.done.set_result(None)

    def fail(self, error: Exception) -> None:
        """Refuse the request."""
        if not self.done.done():
            self.done.set_exception(error if isinstance(error, LogUnavailable | KeyTaken) else LogUnavailable())


class Intake:
    """This process's path into the logs."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._partitions = Partitions(hub)
        self._line = redis_stream.RedisConnection(hub.redis)
        self._streamed = Batcher(self._flush_streamed)
        self._direct: dict[UUID, Batcher[Append]] = {}
        self._writers = asyncio.Semaphore(WRITERS)
        self._guarantee = Guarantee(hub)
        self._full_until: dict[UUID, float] = {}
        self._asking: dict[UUID, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def append(self, group_id: UUID, records: Sequence[Record], claim: KeyClaim | None = None) -> None:
        """Return once the records are logged. Raises LogUnavailable, and KeyTaken when the claim's key has its answer."""
        one = Append(group_id, records, asyncio.get_running_loop().create_future(), claim)
        full = time.monotonic() < self._full_until.get(group_id, 0.0)
        way = Durability.DIRECT if full or claim else self._guarantee.known or await self._guarantee.look()
        (self._directly(group_id) if way is Durability.DIRECT else self._streamed).add(one)
        await one.done

    async def close(self) -> None:
        """Wait for running appends."""
        await self._streamed.finish()
        for gathering in list(self._direct.values()):
            await gathering.finish()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._guarantee.close()
        await self._line.close()

    async def _flush_streamed(self, batch: Sequence[Append]) -> None:
        for one in await self._stream(batch):
            self._directly(one.group_id).add(one)

    async def _stream(self, batch: Sequence[Append]) -> list[Append]:
        """Append to the streams. Return what Redis did not take. An entry taken without acknowledgement is still stored once."""
        way = self._guarantee.known
        if way is Durability.DIRECT:  # since this began to wait
            return list(batch)
        entries: defaultdict[UUID, list[bytes]] = defaultdict(list)
        for one in batch:
            entries[one.group_id] += map(encode, one.records)
        wait_ms = int(REDIS_SECONDS * 900) if way is Durability.AOF else None
        try:
            async with asyncio.timeout(REDIS_SECONDS):
                lengths, synced = await redis_stream.append(self._line, entries, wait_ms)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("Redis did not take %s appends (%s); they go to PostgreSQL", len(batch), type(error).__name__)
            self._guarantee.forget()
            return list(batch)
        if wait_ms is not None and not _synced(synced):
            log.warning("Redis did not have %s appends on disk in time; they go to PostgreSQL", len(batch))
            self._guarantee.forget()
            return list(batch)
        self._note_lengths(lengths)
        return self._settle(batch, lengths)

    def _settle(self, batch: Sequence[Append], lengths: Mapping[UUID, int | ResponseError]) -> list[Append]:
        refused: list[Append] = []
        for one in batch:
            if isinstance(lengths[one.group_id], ResponseError):
                refused.append(one)
            else:
                one.succeed()
        if refused:
            log.warning("Redis refused %s appends: %s", len(refused), lengths[refused[0].group_id])
        return refused

    def _note_lengths(self, lengths: Mapping[UUID, int | ResponseError]) -> None:
        for group_id, length in lengths.items():
            if isinstance(length, int) and length > MOST_WAITING:
                self._full_until[group_id] = time.monotonic() + REST_SECONDS
            if group_id not in self._asking:
                task = self._asking[group_id] = asyncio.create_task(self._ask(group_id))
                self._tasks.add(task)  # until the end, while others may have begun to ask
                task.add_done_callback(self._tasks.discard)

    async def _ask(self, group_id: UUID) -> None:
        """Measure the group's stream and request a drain; requests that arrive meanwhile are included."""
        with suppress(RedisError, OSError, TimeoutError):
            async with asyncio.timeout(REDIS_SECONDS):
                if (await self._hub.redis.memory_usage(stream_key(group_id), SAMPLES) or 0) > MOST_WAITING_BYTES:
                    self._full_until[group_id] = time.monotonic() + REST_SECONDS
        await asyncio.sleep(WAKE_SECONDS)
        del self._asking[group_id]
        with suppress(RedisError, OSError, TimeoutError):  # the cron asks again
            async with asyncio.timeout(REDIS_SECONDS):
                await self._hub.queue.drain(group_id)

    def _directly(self, group_id: UUID) -> Batcher[Append]:
        if group_id not in self._direct:
            self._direct[group_id] = Batcher(partial(self._write_directly, group_id))
        return self._direct[group_id]

    async def _write_directly(self, group_id: UUID, batch: Sequence[Append]) -> None:
        """Write a group's requests. Requests with rows that PostgreSQL refuses are refused alone."""
        try:
            async with asyncio.timeout(POSTGRES_SECONDS), self._writers:
                while batch:
                    batch = await self._write(group_id, batch)
        except Exception as error:
            if lost := [one for one in batch if not one.done.done()]:
                log.exception("%s requests of group %s could not be logged and are refused", len(lost), group_id)
            for one in lost:
                one.fail(error)

    async def _write(self, group_id: UUID, batch: Sequence[Append]) -> Sequence[Append]:
        """Write requests without a key, or with a free key, in one transaction. Return those to write again without the faulty ones."""
        async with self._hub.work(ANONYMOUS, read_only=True) as work:
            row = await repository.log_of(work.session, group_id)
        if row is None:
            raise LogUnavailable
        ref = LogRef(row.group_id, row.tenant_id, row.slug, row.table_name)
        await self._partitions.cover(ref, [record.inference_id for one in batch for record in one.records])
        mine: list[Append] = []
        try:
            async with self._hub.work(ref.actor) as work:
                taken = await _claim(work, group_id, batch)
                mine = [one for one in batch if one not in taken]
                work.after_commit(partial(_settle, mine, taken))  # first, because notifying watchers may take long
                if mine:
                    await _write_rows(work, ref, [record for one in mine for record in one.records])
        except RowsRefused as unfit:
            owners = [one for one in mine for _ in one.records]
            at_fault = [owners[at] for at in unfit.places]
            log.error("PostgreSQL does not take rows of group %s, and their requests are refused: %s", ref.slug, unfit)
            for one in at_fault:
                one.fail(LogUnavailable(f"PostgreSQL refuses a row of this request: {unfit}. Correct the value and send the request again."))
            return [one for one in batch if one not in at_fault]
        return []


async def _write_rows(work: UnitOfWork, ref: LogRef, records: Sequence[Record]) -> None:
    """Write the rows. Raises Unfit."""
    tell_doubts(work, ref.slug, (record.explanation for record in records))
    if refused := await write(work, ref, rows_of(records, {}, work.now)):
        raise RowsRefused({at for at, _ in refused}, refused[0][1])


async def _settle(written: Sequence[Append], taken: Sequence[Append]) -> None:
    for one in written:
        one.succeed()
    for one in taken:
        one.fail(KeyTaken())


async def _claim(work: UnitOfWork, group_id: UUID, batch: Sequence[Append]) -> list[Append]:
    """Claim the batch's keys. Return the appends whose keys already have an answer, or get one from another append of the batch."""
    first: dict[str, Append] = {}
    for one in batch:
        if one.claim:
            first.setdefault(one.claim.key, one)
    if not first:
        return []
    claims = [(key, one.claim.asked, [record.inference_id for record in one.records]) for key, one in first.items() if one.claim]
    ours = await idempotency.claim(work, group_id, claims)
    return [one for one in batch if one.claim and not (one.claim.key in ours and first[one.claim.key] is one)]


def _synced(answer: object) -> bool:
    """Return whether WAITAOF confirms that everything before it is on this Redis's disk. It answers with the counts of local files and replicas."""
    return isinstance(answer, list) and bool(answer) and answer[0] == 1


async def backlog(work: UnitOfWork) -> int:
    """Count the tenant's predictions that are in the intake but not yet in their logs."""
    keys = [stream_key(group_id) for group_id in await repository.group_ids(work.session, work.tenant_id)]
    async with work.hub.redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.xlen(key)
        return sum(await pipe.execute())


async def dead_letters(work: UnitOfWork) -> int:
    """Count the tenant's entries that could not be stored."""
    keys = [dead_key(group_id) for group_id in await repository.group_ids(work.session, work.tenant_id)]
    async with work.hub.redis.pipeline(transaction=False) as pipe:
        for key in keys:
            pipe.llen(key)
        return sum(await pipe.execute())
