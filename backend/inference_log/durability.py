"""What an acknowledged entry survives on the Redis at hand, and so how a prediction is put on record.

Once a process has begun, no prediction waits for that to be found out: it is looked for beside them, and while nobody knows, rows go to PostgreSQL.

`strict` means that an answered prediction is on disk: the acknowledgement says so where that Redis syncs with every command, WAITAOF does where it is Valkey
or Redis 7.2 or newer, and where nothing does the rows go to PostgreSQL. `standard` takes whatever that Redis gives.
"""

import asyncio
import time
from enum import StrEnum
from typing import NamedTuple

from redis.exceptions import RedisError, ResponseError

from backend.outside import Outside

DURABILITY_SECONDS = 30.0
"""A Redis may be set up anew, or be another one after a failover."""
ANSWER_SECONDS = 0.5
"""A Redis that takes longer to say what it is takes no entries either."""
WORDS_SECONDS = 3.0
"""The same for whoever only wants to know."""
REST_SECONDS = 1.0
"""How long a Redis that did not answer is left alone."""
AOF_VERSION = (7, 2)
REWRITE = "no-appendfsync-on-rewrite"
REWRITING = f"writes its file anew ({REWRITE} yes)"


class Durability(StrEnum):
    """How entries are put on record."""

    STREAM = "stream"
    AOF = "waitaof"
    DIRECT = "direct"


class RedisDurability(NamedTuple):
    """What a Redis says of itself. Its settings are absent where it does not tell."""

    version: tuple[int, ...]
    """The Redis whose commands it has: Valkey says 7.2."""
    appendonly: str | None
    appendfsync: str | None
    not_while_rewriting: str | None = None
    """`no-appendfsync-on-rewrite`: whether it syncs nothing while its file is written anew."""
    name: str = "Redis"
    """The server and its release, for people: `Redis 7.0`, `Valkey 9.1`."""

    @property
    def always(self) -> bool:
        """Is every command on disk before it is answered?"""
        return self.appendonly == "yes" and self.appendfsync == "always" and self.not_while_rewriting != "yes"

    @property
    def durability(self) -> Durability:
        """How to be sure that an entry is on disk.

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
    """The way that this process takes, looked up now and then."""

    def __init__(self, hub: Outside) -> None:
        self._hub = hub
        self._strict = hub.settings.log_guarantee == "strict"
        self._way: Durability | None = None if self._strict else Durability.STREAM
        self._until = 0.0 if self._strict else float("inf")
        self._looking: asyncio.Task[Durability] | None = None

    @property
    def known(self) -> Durability | None:
        """The way, unless nobody has looked yet. One that may be out of date is looked up again, beside whoever asks."""
        if time.monotonic() >= self._until and self._way is not None:
            self._looking = self._begin()
        return self._way

    async def look(self) -> Durability:
        """Ask Redis, together with whoever else does. One that does not answer is left alone for a while, and rows are written directly."""
        return await asyncio.shield(self._begin())

    def forget(self) -> None:
        """Something went wrong: rows are written directly until Redis has said again what it is."""
        self._way, self._until = Durability.DIRECT, time.monotonic() + REST_SECONDS

    async def close(self) -> None:
        """Wait for what is under way."""
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
        """What is right for that Redis; where anything is, whether it is there at all."""
        if self._strict:
            return (await read_durability(self._hub)).durability
        await self._hub.redis.ping()
        return Durability.STREAM


async def read_durability(hub: Outside) -> RedisDurability:
    """What the Redis at hand says of itself. Raises what Redis raises."""
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
    """What an answered prediction survives on this installation; begins with `disk` where that is everything."""
    try:
        async with asyncio.timeout(WORDS_SECONDS):
            found = await read_durability(hub)
    except (RedisError, OSError, TimeoutError):
        return "disk, slower: Redis does not answer, so each answer is written to PostgreSQL before it is given"
    if found.durability is Durability.STREAM:
        return f"disk: {found.name} has each answer on disk before it is given (appendfsync always)"
    return _strictly(found) if hub.settings.log_guarantee == "strict" else f"{_as_it_is(found)} (TILTYARD_LOG_GUARANTEE is standard)"


def _strictly(found: RedisDurability) -> str:
    if found.durability is Durability.AOF:
        how = found.appendfsync or "everysec"
        return f"disk: each answer waits until {found.name} has it on disk (WAITAOF; up to a second with appendfsync {how})"
    if found.appendonly == "no":
        why = "keeps no append-only file"
    else:
        why = f"syncs nothing while it {REWRITING}" if found.not_while_rewriting == "yes" else "cannot say what it has on disk"
    return f"disk, slower: {found.name} {why}, so each answer is written to PostgreSQL before it is given"


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
