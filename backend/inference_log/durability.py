"""What an acknowledged entry survives on the connected Redis, and so how predictions are logged.

After the start no prediction waits for this check. It runs in the background, and while the answer is unknown, rows go to PostgreSQL.

`strict` means that an answered prediction is on disk. The acknowledgement proves it when Redis syncs with every command; WAITAOF proves it on Valkey and Redis
7.2 or newer. When neither does, rows go to PostgreSQL. `standard` accepts whatever that Redis guarantees.
"""

import asyncio
import time
from enum import StrEnum
from typing import NamedTuple

from redis.exceptions import RedisError, ResponseError

from backend.outside import Outside

DURABILITY_SECONDS = 30.0
"""Seconds. Redis may be reconfigured, or be another server after a failover."""
ANSWER_SECONDS = 0.5
"""Seconds. A Redis that takes longer to answer this takes no entries either."""
WORDS_SECONDS = 3.0
"""Seconds, for callers that only display the result."""
REST_SECONDS = 1.0
"""Seconds before a silent Redis is asked again."""
AOF_VERSION = (7, 2)
REWRITE = "no-appendfsync-on-rewrite"
REWRITING = f"rewrites its file ({REWRITE} yes)"


class Durability(StrEnum):
    """The way entries are logged."""

    STREAM = "stream"
    AOF = "waitaof"
    DIRECT = "direct"


class RedisDurability(NamedTuple):
    """Redis's own description. Settings are None when it hides them."""

    version: tuple[int, ...]
    """The Redis version with the same commands; Valkey reports 7.2."""
    appendonly: str | None
    appendfsync: str | None
    not_while_rewriting: str | None = None
    """`no-appendfsync-on-rewrite`: whether it syncs nothing while it rewrites its file."""
    name: str = "Redis"
    """The server and its release, for people: `Redis 7.0`, `Valkey 9.1`."""

    @property
    def always(self) -> bool:
        """Whether every command is on disk before its answer."""
        return self.appendonly == "yes" and self.appendfsync == "always" and self.not_while_rewriting != "yes"

    @property
    def durability(self) -> Durability:
        """Return how to make sure that an entry is on disk.

        >>> [RedisDurability(version, "yes", sync).durability for version, sync in (((6, 2), "always"), ((7, 2), "everysec"), ((6, 2), "everysec"))]
        [<Durability.STREAM: 'stream'>, <Durability.AOF: 'waitaof'>, <Durability.DIRECT: 'direct'>]
        >>> RedisDurability((8, 0), None, None).durability, RedisDurability((8, 0), "no", None).durability
        (<Durability.AOF: 'waitaof'>, <Durability.DIRECT: 'direct'>)
        >>> RedisDurability((6, 2), "yes", "always", "yes").durability
        <Durability.DIRECT: 'direct'>
        """
        if self.always:
            return Durability.STREAM
        return Durability.AOF if self.version >= AOF_VERSION and self.appendonly != "no" else Durability.DIRECT


class Guarantee:
    """This process's current way of logging, checked now and then."""

    def __init__(self, hub: Outside) -> None:
        self._hub = hub
        self._strict = hub.settings.log_guarantee == "strict"
        self._way: Durability | None = None if self._strict else Durability.STREAM
        self._until = 0.0 if self._strict else float("inf")
        self._looking: asyncio.Task[Durability] | None = None

    @property
    def known(self) -> Durability | None:
        """Return the way, or None before the first check. A stale result starts a new check in the background."""
        if time.monotonic() >= self._until and self._way is not None:
            self._looking = self._begin()
        return self._way

    async def look(self) -> Durability:
        """Ask Redis; concurrent callers share one request. After a silent Redis, rows are written directly for a while."""
        return await asyncio.shield(self._begin())

    def forget(self) -> None:
        """Handle a failure: write rows directly until Redis has answered the check again."""
        self._way, self._until = Durability.DIRECT, time.monotonic() + REST_SECONDS

    async def close(self) -> None:
        """Wait for a running check."""
        if self._looking:
            await self._looking

    def _begin(self) -> "asyncio.Task[Durability]":
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        return self._looking

    async def _look(self) -> Durability:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._way = await self._asked()
        except (RedisError, OSError, TimeoutError):
            self.forget()
            return Durability.DIRECT
        self._until = time.monotonic() + DURABILITY_SECONDS if self._strict else float("inf")
        return self._way

    async def _asked(self) -> Durability:
        """Return the right way for this Redis. With `standard` it only checks that Redis answers."""
        if self._strict:
            return (await read_durability(self._hub)).durability
        await self._hub.redis.ping()
        return Durability.STREAM


async def read_durability(hub: Outside) -> RedisDurability:
    """Read the connected Redis's own description. Raises what Redis raises."""
    server = await hub.redis.info("server")
    try:
        said = {_text(name): _text(value) for name, value in (await hub.redis.config_get("*append*")).items()}
    except ResponseError:  # a managed one hides its settings
        said = {}
    version, valkey = str(server["redis_version"]), server.get("valkey_version")
    return RedisDurability(
        version=tuple(int(part) for part in version.split(".")[:2]),
        appendonly=said.get("appendonly"),
        appendfsync=said.get("appendfsync"),
        not_while_rewriting=said.get(REWRITE),
        name=f"Valkey {_short(str(valkey))}" if valkey else f"Redis {_short(version)}",
    )


async def in_words(hub: Outside) -> str:
    """Describe what an answered prediction survives on this installation. The text begins with `disk` when it survives everything."""
    try:
        async with asyncio.timeout(WORDS_SECONDS):
            found = await read_durability(hub)
    except (RedisError, OSError, TimeoutError):
        return "disk, slower: Redis does not answer, so each answer goes to PostgreSQL before it leaves"
    if found.durability is Durability.STREAM:
        return f"disk: {found.name} has each answer on disk before it leaves (appendfsync always)"
    return _strictly(found) if hub.settings.log_guarantee == "strict" else f"{_as_it_is(found)} (TILTYARD_LOG_GUARANTEE is standard)"


def _strictly(found: RedisDurability) -> str:
    if found.durability is Durability.AOF:
        how = found.appendfsync or "everysec"
        return f"disk: each answer waits until {found.name} has it on disk (WAITAOF; up to a second with appendfsync {how})"
    if found.appendonly == "no":
        why = "keeps no append-only file"
    else:
        why = f"syncs nothing while it {REWRITING}" if found.not_while_rewriting == "yes" else "cannot report what is on disk"
    return f"disk, slower: {found.name} {why}, so each answer goes to PostgreSQL before it leaves"


def _as_it_is(found: RedisDurability) -> str:
    if found.appendonly == "no":
        return "memory: this Redis keeps no append-only file, so its crash loses predictions not yet in the log"
    if found.appendonly is None:
        return "unknown: this Redis hides whether it keeps what it acknowledges"
    if found.not_while_rewriting == "yes":
        return f"seconds: this Redis syncs nothing while it {REWRITING}, so a crash of its machine may then lose half a minute"
    return f"second: this Redis syncs its file {found.appendfsync}, so a crash may lose the last second"


def _short(version: str) -> str:
    return ".".join(version.split(".")[:2])


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
