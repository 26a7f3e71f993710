"""The embedded Redis server (Valkey's program): an append-only file on disk before any answer.

The first start takes over a folder written by Redis 6.2: Valkey moves `appendonly.aof` into `appendonlydir` and continues from there.
"""

import os
import signal
import subprocess
import time
from pathlib import Path

import redis

from backend.adapters.embedded_home import Home, Keys
from backend.adapters.processes import Progress, SetupError, carries, ports_to_try, shorten, spawn, stop, stop_orphan, tail, write_private

_STOP = ((signal.SIGTERM, 20.0), (signal.SIGKILL, 5.0))
"""SIGTERM means SHUTDOWN: Redis writes and syncs its file, then ends."""

_CONFIGURATION = """\
bind 127.0.0.1
port {port}
protected-mode yes
requirepass {password}
databases 64
daemonize no
pidfile "{folder}/redis.pid"
dir "{folder}"
proc-title-template "{{title}} {{listen-addr}} {{config-file}}"
logfile ""
loglevel warning
save ""
appendonly {appendonly}
appendfsync {appendfsync}
no-appendfsync-on-rewrite no
aof-load-truncated yes
maxmemory-policy noeviction
"""


class EmbeddedRedis:
    """One Redis and its folder."""

    def __init__(self, home: Home, program: Path, keys: Keys, *, durable: bool = True) -> None:
        self._home = home
        self._program = program
        self._keys = keys
        self._durable = durable
        self._log = home.logs / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int | None = None

    @property
    def url(self) -> str:
        """The URL with its password; database 0."""
        return f"redis://:{self._keys.redis_password}@127.0.0.1:{self.port}/0"

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id of the server."""
        return self._process.pid if self._process else None

    def start(self, progress: Progress) -> None:
        """Start the server and wait until every record of the file is loaded. End a server left from an earlier run.

        Raises SetupError with the end of the server's log when it does not start.
        """
        self._make_folder()
        self._end_orphan(progress)
        progress("Starting Redis")
        for port in ports_to_try(self.port, self._keys.redis_port):
            written = shorten(self._log)
            self._configure(port)
            self._process = spawn([self._program, self._configuration], log=self._log, on_parent_death=signal.SIGTERM, user=self._home.user)
            if self._wait_ready(port, progress):
                self.port = port
                return
            said = tail(self._log, written)
            if "bind" not in said:
                break
        raise SetupError(f"Redis did not start. The end of {self._log} says:\n{said}")

    def stop(self) -> None:
        """A clean shutdown: everything acknowledged is in the file."""
        if self._process is not None:
            stop(self._process, _STOP)
            self._process = None

    @property
    def _configuration(self) -> Path:
        return self._home.redis / "redis.conf"

    def _make_folder(self) -> None:
        folder, user = self._home.redis, self._home.user
        folder.mkdir(mode=0o700, exist_ok=True)
        if user:
            os.chown(folder, user.uid, user.gid)

    def _configure(self, port: int) -> None:
        text = _CONFIGURATION.format(
            port=port,
            password=self._keys.redis_password,
            folder=self._home.redis,
            appendonly="yes" if self._durable else "no",
            appendfsync="always" if self._durable else "no",
        )
        write_private(self._configuration, text, self._home.user)

    def _wait_ready(self, port: int, progress: Progress) -> bool:
        started = told = time.monotonic()
        with redis.Redis(host="127.0.0.1", port=port, password=self._keys.redis_password, socket_timeout=5) as client:
            while self.alive:
                try:
                    client.ping()
                except (redis.ConnectionError, redis.TimeoutError):  # a Redis that loads its file answers with a kind of ConnectionError
                    pass
                else:
                    return self.alive
                if time.monotonic() - told > 5:
                    told = time.monotonic()
                    progress(f"Redis is loading its file ({told - started:.0f} s)")
                time.sleep(0.02)
        return False

    def _end_orphan(self, progress: Progress) -> None:
        pid_file = self._home.redis / "redis.pid"
        text = pid_file.read_text(encoding="utf-8").strip() if pid_file.exists() else ""
        if text.isdigit() and carries(int(text), str(self._configuration)):
            progress("Stopping the Redis that an earlier run left behind")
            if not stop_orphan(int(text), str(self._configuration), _STOP):
                raise SetupError(f"Process {text} still uses {self._home.redis} and does not end. Stop it, then start again.")
        pid_file.unlink(missing_ok=True)
