"""PostgreSQL and Redis without an installation: the wheels' servers, run in a data folder."""

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from backend.adapters.embedded_home import SHARED, DataLock, Home, Keys, locked, open_home, prepare_data_dir, read_keys, write_keys
from backend.adapters.embedded_postgres import DATABASE, OWNER, SUPERUSER, EmbeddedPostgres
from backend.adapters.embedded_programs import find, reachable
from backend.adapters.embedded_redis import EmbeddedRedis
from backend.adapters.processes import Progress, SetupError
from backend.disk_space import RESERVE, free_bytes

_LONGEST_WAIT = 15.0
ROOM_TO_START = RESERVE // 2
"""Bytes. With less free space a server that has ended is not started again."""


@dataclass(frozen=True)
class EmbeddedServers:
    """The addresses of the servers."""

    database_url: str
    """The URL of the database `tiltyard` for its owner, who may create roles but is no superuser."""
    redis_url: str
    superuser_url: str


class RunningServers:
    """Both servers, running, and the lock on their data folder. Leaving the context stops Redis, then PostgreSQL."""

    def __init__(self, home: Home, lock: DataLock, postgres: EmbeddedPostgres, redis: EmbeddedRedis) -> None:
        self.home = home
        self.postgres = postgres
        self.redis = redis
        self._lock = lock
        self._failures: dict[str, tuple[int, float]] = {}
        """For a server that did not start again: the number of attempts, and the time of the next."""

    @property
    def urls(self) -> EmbeddedServers:
        """The addresses of the servers."""
        return EmbeddedServers(database_url=self.postgres.database_url, redis_url=self.redis.url, superuser_url=self.postgres.superuser_url)

    def revive(self, progress: Progress) -> None:
        """Restart any server that has died; its data is as of its last acknowledged write.

        A server that does not start (it may have been killed while starting) is tried again after 1, 2, 4, 8, 15 s; everything else goes on meanwhile. While
        the disk is full none is tried: it would end at its first write.
        """
        for name, server in (("PostgreSQL", self.postgres), ("Redis", self.redis)):
            failures, again_at = self._failures.get(name, (0, 0.0))
            if server.alive or time.monotonic() < again_at:
                continue
            if (free := free_bytes(self.home.servers)) < ROOM_TO_START:
                self._wait_for_room(name, free, progress)
                continue
            progress(f"{name} ended unexpectedly" if not failures else f"starting {name} again")
            try:
                server.start(progress)
            except (SetupError, OSError) as error:  # OSError: the disk fills up again
                wait = min(2.0**failures, _LONGEST_WAIT)
                progress(f"{error}\nThe next attempt is in {wait:.0f} s.")
                self._failures[name] = (failures + 1, time.monotonic() + wait)
            else:
                self._failures.pop(name, None)

    def _wait_for_room(self, name: str, free: int, progress: Progress) -> None:
        """Log that the disk is full, once; look again after a second."""
        failures, _ = self._failures.get(name, (0, 0.0))
        if not failures:
            progress(
                f"{name} ended unexpectedly, and the disk of {self.home.servers} is full ({free / 2**20:.0f} MiB free). "
                f"Make room; {name} then starts by itself."
            )
        self._failures[name] = (max(failures, 1), time.monotonic() + 1)

    def stop(self) -> None:
        """Stop both servers and release the lock. Repeating it is harmless."""
        try:
            self.redis.stop()
        finally:
            try:
                self.postgres.stop()
            finally:
                self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()


def start(data_dir: Path, progress: Progress, *, durable: bool = True, shared: Path = SHARED) -> RunningServers:
    """Start both servers on a data folder, which the first start creates.

    The servers die with the calling thread (see `processes.spawn`), so call from the main thread. `durable=False` is for tests only: nothing is synced.
    `shared` holds the servers' folder if their account cannot reach the data folder.
    Raises SetupError when the folder is in use or cannot be used, or a server does not start.
    """
    data_dir = prepare_data_dir(data_dir)
    lock = DataLock(data_dir)
    lock.acquire()
    running: RunningServers | None = None
    try:
        keys = read_keys(data_dir) or Keys()
        write_keys(data_dir, keys)
        home = open_home(data_dir, progress, shared)
        programs = reachable(find(), home.user, shared)
        running = RunningServers(
            home,
            lock,
            EmbeddedPostgres(home, programs.postgres_bin, keys, durable=durable),
            EmbeddedRedis(home, programs.redis_server, keys, durable=durable),
        )
        running.redis.start(progress)
        running.postgres.start(progress)
        if not keys.created:
            progress("Creating the database")
            running.postgres.create_database()
        write_keys(data_dir, msgspec.structs.replace(keys, postgres_port=running.postgres.port, redis_port=running.redis.port, created=True))
        return running
    except BaseException as error:
        if running:
            running.stop()
        lock.release()
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            raise SetupError(f"The disk is full at {error.filename or data_dir}. Make room, then start again.") from error
        raise


@contextmanager
def borrow(data_dir: Path, progress: Progress) -> Iterator[EmbeddedServers]:
    """Yield a data folder's servers: those of its running supervisor, or else started and stopped here."""
    data_dir = data_dir.expanduser().resolve()
    keys = read_keys(data_dir) if data_dir.exists() else None
    if keys and keys.created and locked(data_dir):
        yield urls_of(keys)
        return
    with start(data_dir, progress) as running:
        yield running.urls


def urls_of(keys: Keys) -> EmbeddedServers:
    """Return the addresses of servers with these keys, once started."""
    database = f"127.0.0.1:{keys.postgres_port}"
    return EmbeddedServers(
        database_url=f"postgresql://{OWNER}:{keys.owner_password}@{database}/{DATABASE}",
        redis_url=f"redis://:{keys.redis_password}@127.0.0.1:{keys.redis_port}/0",
        superuser_url=f"postgresql://{SUPERUSER}:{keys.superuser_password}@{database}/{SUPERUSER}",
    )


__all__ = ["EmbeddedServers", "Progress", "RunningServers", "SetupError", "borrow", "start", "urls_of"]
