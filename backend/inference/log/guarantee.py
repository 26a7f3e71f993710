"""What an acknowledged entry survives on the Redis at hand, and so how a prediction is put on record.

`strict` means that an answered prediction is on disk: the acknowledgement says so where that Redis syncs with every command, WAITAOF does where it is 7.2
or newer, and where nothing does the rows go to PostgreSQL. `standard` takes whatever that Redis gives.
"""

import time
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from redis.exceptions import RedisError, ResponseError

if TYPE_CHECKING:
    from backend.bootstrap import Hub

LOOK_SECONDS = 30.0
"""A Redis may be set up anew, or be another one after a failover."""
AOF_VERSION = (7, 2)


class Way(StrEnum):
    """How entries are put on record."""

    STREAM = "stream"
    AOF = "waitaof"
    DIRECT = "direct"


class Promise(NamedTuple):
    """What a Redis says of itself. `appendonly` and `appendfsync` are absent where it does not tell."""

    version: tuple[int, ...]
    appendonly: str | None
    appendfsync: str | None

    @property
    def way(self) -> Way:
        """How to be sure that an entry is on disk.

        >>> Promise((6, 2), "yes", "always").way, Promise((7, 2), "yes", "everysec").way, Promise((6, 2), "yes", "everysec").way
        (<Way.STREAM: 'stream'>, <Way.AOF: 'waitaof'>, <Way.DIRECT: 'direct'>)
        >>> Promise((8, 0), None, None).way, Promise((8, 0), "no", None).way
        (<Way.AOF: 'waitaof'>, <Way.DIRECT: 'direct'>)
        """
        if self.appendonly == "yes" and self.appendfsync == "always":
            return Way.STREAM
        return Way.AOF if self.version >= AOF_VERSION and self.appendonly != "no" else Way.DIRECT


class Guarantee:
    """The way that this process takes, looked up now and then."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._way = Way.STREAM
        self._until = 0.0 if hub.settings.log_guarantee == "strict" else float("inf")

    @property
    def known(self) -> Way | None:
        """The way, unless it has to be looked up first."""
        return self._way if time.monotonic() < self._until else None

    async def look(self) -> Way:
        """Ask Redis. While it does not answer, rows are written directly."""
        try:
            self._way = (await promise(self._hub)).way
        except (RedisError, OSError, TimeoutError):
            return Way.DIRECT
        self._until = time.monotonic() + LOOK_SECONDS
        return self._way

    def forget(self) -> None:
        """Something went wrong: look again before the next entry."""
        if self._hub.settings.log_guarantee == "strict":
            self._until = 0.0


async def promise(hub: "Hub") -> Promise:
    """What the Redis at hand says of itself. Raises what Redis raises."""
    version = str((await hub.redis.info("server"))["redis_version"])
    try:
        said = {_text(name): _text(value) for name, value in (await hub.redis.config_get("append*")).items()}
    except ResponseError:  # a managed one hides its settings
        said = {}
    return Promise(tuple(int(part) for part in version.split(".")[:2]), said.get("appendonly"), said.get("appendfsync"))


async def in_words(hub: "Hub") -> str:
    """What an answered prediction survives on this installation; begins with `disk` where that is everything."""
    try:
        found = await promise(hub)
    except (RedisError, OSError):
        return "disk, slower: Redis does not answer, so each answer is written to PostgreSQL before it is given"
    if found.way is Way.STREAM:
        return "disk: Redis has each answer on disk before it is given (appendfsync always)"
    if hub.settings.log_guarantee == "strict":
        if found.way is Way.AOF:
            how = found.appendfsync or "everysec"
            return f"disk: each answer waits until Redis {_version(found)} has it on disk (WAITAOF; up to a second with appendfsync {how})"
        return f"disk, slower: Redis {_version(found)} cannot say what it has on disk, so each answer is written to PostgreSQL before it is given"
    if found.appendonly == "no":
        return "memory: this Redis keeps no append-only file, so its crash loses predictions not yet in the log (TILTYARD_LOG_GUARANTEE is standard)"
    if found.appendonly is None:
        return "unknown: this Redis hides whether it keeps what it acknowledges (TILTYARD_LOG_GUARANTEE is standard)"
    return f"second: this Redis syncs its file {found.appendfsync}, so a crash may lose the last second (TILTYARD_LOG_GUARANTEE is standard)"


def _version(found: Promise) -> str:
    return ".".join(str(part) for part in found.version)


def _text(value: bytes | str) -> str:
    return value.decode() if isinstance(value, bytes) else value
