"""Wake-ups for readers: one Redis subscription per process for any number of watchers."""

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
"""Seconds that a watcher waits before it looks by itself, while wake-ups arrive."""
DEAF_SECONDS = 2.0
"""Seconds that a watcher waits before it looks by itself, while Redis is gone."""
LISTEN_SECONDS = 5.0
RETRY_SECONDS = 1.0
PUBLISH_SECONDS = 0.5

_told = msgspec.msgpack.Decoder(list[Told])


class RedisWatch:
    """One watcher: woken by events of a kind, of one subject or of all."""

    def __init__(self, kind: str, subject: str | None) -> None:
        self._kind, self._subject = kind, subject
        self._woken = asyncio.Event()

    def hear(self, told: Iterable[Told]) -> None:
        """Wake up if one of the events has its kind and subject."""
        if any(kind == self._kind and self._subject in (None, subject) for kind, subject in told):
            self.wake()

    def wake(self) -> None:
        """Wake up in any case."""
        self._woken.set()

    def rest(self) -> None:
        """Clear the wake-up. Call it before reading, so that an event during the reading wakes the watcher again."""
        self._woken.clear()

    async def wait(self, seconds: float) -> bool:
        """Return whether it was woken within this number of seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        return self._woken.is_set()


class RedisWakeups:
    """This process's watchers, and the connection that carries other processes' events."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._watches: defaultdict[UUID, set[RedisWatch]] = defaultdict(set)
        self._listening: asyncio.Task[None] | None = None
        self._hearing = False
        self._rest_until = 0.0

    @property
    def watching(self) -> int:
        """The number of watchers."""
        return sum(map(len, self._watches.values()))

    @property
    def patience(self) -> float:
        """Seconds that a watcher may wait before it looks by itself."""
        return HEARING_SECONDS if self._hearing else DEAF_SECONDS

    @contextmanager
    def watch(self, tenant_id: UUID, kind: str, subject: str | None = None) -> Iterator[RedisWatch]:
        """Yield a watcher of a tenant's events. Every commit from now on wakes it, so read after this."""
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
        """Wake this process's watchers, and the others' if Redis takes the message. Without it they look by themselves after a while."""
        self._hear(tenant_id, told)
        if time.monotonic() < self._rest_until:
            return
        try:
            async with asyncio.timeout(PUBLISH_SECONDS):
                await self._redis.publish(f"{CHANNEL}{tenant_id}", msgspec.msgpack.encode(told))
        except (RedisError, OSError, TimeoutError) as error:
            self._rest_until = time.monotonic() + RETRY_SECONDS
            log.warning("Redis did not take a wake-up (%s); watchers in other processes poll", type(error).__name__)

    def start(self) -> None:
        """Listen, if not listening yet."""
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
                log.warning("wake-ups do not arrive (%s); watchers poll every %s s", type(error).__name__, DEAF_SECONDS)
            finally:
                self._hearing = False
            self._wake_all()  # so that no watcher keeps the longer wait
            await asyncio.sleep(RETRY_SECONDS)

    async def _hear_until_lost(self) -> None:
        async with self._redis.pubsub() as ear:
            await ear.psubscribe(f"{CHANNEL}*")
            while True:
                message = await ear.get_message(timeout=LISTEN_SECONDS)
                if message is None:
                    continue
                if message["type"] == "psubscribe":  # also after the client reconnected by itself: messages in between were lost
                    self._hearing = True
                    self._wake_all()
                elif message["type"] == "pmessage":
                    self._read(message)

    def _read(self, message: dict[str, Any]) -> None:
        try:
            self._hear(UUID(message["channel"].decode().removeprefix(CHANNEL)), _told.decode(message["data"]))
        except (ValueError, msgspec.DecodeError):  # another channel's message
            log.warning("a wake-up on %r cannot be read", message["channel"])

    def _hear(self, tenant_id: UUID, told: Sequence[Told]) -> None:
        for one in self._watches.get(tenant_id, ()):
            one.hear(told)

    def _wake_all(self) -> None:
        for watches in self._watches.values():
            for one in watches:
                one.wake()
