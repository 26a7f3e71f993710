"""Waking readers: one Redis subscription a process, whatever the number of its watchers."""

import asyncio
import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from backend.ports import Told

log = logging.getLogger("tiltyard.live")
CHANNEL = "tiltyard:live:"
HEARING_SECONDS = 15.0
"""How long a watcher waits before it looks by itself, while wake-ups are heard."""
DEAF_SECONDS = 2.0
"""The same while Redis is gone."""
LISTEN_SECONDS = 5.0
RETRY_SECONDS = 1.0
PUBLISH_SECONDS = 0.5

_told = msgspec.msgpack.Decoder(list[Told])


class RedisWatch:
    """One watcher: woken by events of a kind, of one subject or all."""

    def __init__(self, kind: str, subject: str | None) -> None:
        self._kind, self._subject = kind, subject
        self._woken = asyncio.Event()

    def hear(self, told: Iterable[Told]) -> None:
        """Wake up if one of the events is of its kind and subject."""
        if any(kind == self._kind and self._subject in (None, subject) for kind, subject in told):
            self.wake()

    def wake(self) -> None:
        """Look, whatever happened."""
        self._woken.set()

    def rest(self) -> None:
        """Forget what woke it. Before reading: what comes during the reading wakes it again."""
        self._woken.clear()

    async def wait(self, seconds: float) -> bool:
        """Was it woken within so many seconds?"""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        return self._woken.is_set()


class RedisWakeups:
    """This process's watchers, and the one connection by which they hear of other processes' events."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._watches: defaultdict[UUID, set[RedisWatch]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self._hearing = False
        self._rest_until = 0.0

    @property
    def watching(self) -> int:
        """How many watchers there are."""
        return sum(map(len, self._watches.values()))

    @property
    def patience(self) -> float:
        """How long a watcher may wait before it looks by itself, in seconds."""
        return HEARING_SECONDS if self._hearing else DEAF_SECONDS

    @contextmanager
    def watch(self, tenant_id: UUID, kind: str, subject: str | None = None) -> Iterator[RedisWatch]:
        """A watcher of a tenant's events, until the block is left. Whatever is committed from now on wakes it, so read after this."""
        self.start()
        one = RedisWatch(kind, subject)
        self._watches[tenant_id].add(one)
        try:
            yield one
        finally:
            self._watches[tenant_id].discard(one)
            if not self._watches[tenant_id]:
                del self._watches[tenant_id]

    async def announce(self, tenant_id: UUID, told: Sequence[Told]) -> None:
        """Wake this process's watchers, and those of the others if Redis takes it: they look by themselves after a while."""
        self._hear(tenant_id, told)
        if time.monotonic() < self._rest_until:
            return
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._redis.publish(f"{CHANNEL}{tenant_id}", msgspec.msgpack.encode(told))
        except (RedisError, OSError, TimeoutError) as error:
            self._rest_until = time.monotonic() + RETRY_SECONDS
            log.warning("Redis did not take a wake-up (%s); watchers in other processes look by themselves", type(error).__name__)

    def start(self) -> None:
        """Listen, if it does not yet."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """Stop listening."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._hear_until_lost()
            except (RedisError, OSError) as error:
                log.warning("wake-ups are not heard (%s); watchers look every %s s", type(error).__name__, DEAF_SECONDS)
            finally:
                self._hearing = False
            self._wake_all()  # so that nobody goes on with the patience of one who hears
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear_until_lost(self) -> None:
        async with self._redis.pubsub() as ear:
            await ear.psubscribe(f"{CHANNEL}*")
            while True:
                message = await ear.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    continue
                if message["type"] == "psubscribe":  # also after the client reconnected by itself: what was said meanwhile was not heard
                    self._hearing = True
                    self._wake_all()
                elif message["type"] == "pmessage":
                    self._read(message)

    def _read(self, message: dict[str, Any]) -> None:
        try:
            self._hear(UUID(message["channel"].decode().removeprefix(CHANNEL)), _told.decode(message["data"]))
        except (ValueError, msgspec.DecodeError):  # not one of ours
            log.warning("a wake-up on %r cannot be read", message["channel"])

    def _hear(self, tenant_id: UUID, told: Sequence[Told]) -> None:
        for one in self._watches.get(tenant_id, ()):
            one.hear(told)

    def _wake_all(self) -> None:
        for watches in self._watches.values():
            for one in watches:
                one.wake()
