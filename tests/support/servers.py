"""One embedded PostgreSQL and one Redis for a whole test run, shared by all its pytest-xdist workers.

In `tests/conftest.py`:

    def pytest_configure(config):
        if not hasattr(config, "workerinput"):  # the controller, or pytest without xdist
            servers.prepare()

    def pytest_unconfigure(config):
        if not hasattr(config, "workerinput"):
            servers.finish()

Then anywhere, in any worker: `servers.database_url("journey_gw0", template="migrated")`, `servers.redis_url(3)`. The first call of a
run starts the servers, so a run that needs none starts none. They belong to a keeper process that holds on only while the process which
called `prepare` lives: however that one ends (Ctrl-C, kill -9), the keeper stops the servers and removes their folder. Nothing is synced to disk;
tests of durability start servers of their own with `backend.adapters.embedded.start`.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

import msgspec

from backend.adapters.embedded import EmbeddedServers, start
from backend.adapters.embedded_programs import find
from backend.adapters.processes import carries, tail, write_private

_FOLDER = "TILTYARD_TEST_SERVERS"
_ROOT = Path(__file__).resolve().parents[2]
_held: list[int] = []
"""The descriptor whose lock shows the keeper that the run continues."""


def prepare() -> None:
    """Make the run's folder and pass its path to workers that start later. Starts no servers."""
    folder = Path(tempfile.mkdtemp(prefix="tiltyard-tests-"))
    folder.chmod(0o755)
    descriptor = os.open(folder / "alive", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    _held.append(descriptor)
    os.environ[_FOLDER] = str(folder)


def finish() -> None:
    """Stop the servers if any worker started them, and remove the folder."""
    folder = Path(os.environ.pop(_FOLDER))
    os.close(_held.pop())
    running.cache_clear()
    keeper = folder / "keeper.pid"
    if not keeper.exists():
        shutil.rmtree(folder, ignore_errors=True)
        return
    pid = int(keeper.read_text())
    deadline = time.monotonic() + 60
    while carries(pid, str(folder)) and time.monotonic() < deadline:
        time.sleep(0.02)


@cache
def running() -> EmbeddedServers:
    """Return the run's servers, started by the first worker that asks."""
    if _FOLDER not in os.environ:
        prepare()
    folder = Path(os.environ[_FOLDER])
    with (folder / "starting").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        if not (folder / "servers.json").exists():
            _start_keeper(folder)
    return msgspec.json.decode((folder / "servers.json").read_bytes(), type=EmbeddedServers)


def database_url(name: str, template: str | None = None) -> str:
    """A fresh database of that name, replacing any earlier one: empty, or a copy of `template`, to which nobody may be connected.

    The address is that of its owner, `tiltyard_owner`, who may create roles but is no superuser.
    """
    drop_database(name)
    copied = f'TEMPLATE "{template}" STRATEGY FILE_COPY' if template else ""
    superuser(f'CREATE DATABASE "{name}" OWNER tiltyard_owner {copied}')
    return f"{running().database_url.rsplit('/', 1)[0]}/{name}"


def drop_database(name: str) -> None:
    """Remove a database, disconnecting all its clients."""
    superuser(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def redis_url(database: int) -> str:
    """Return one of Redis's databases, 0 to 63: give each worker its own."""
    return f"{running().redis_url.rsplit('/', 1)[0]}/{database}"


def superuser(sql: str, database: str = "postgres") -> str:
    """Run one statement as superuser; returns the bare rows."""
    url = f"{running().superuser_url.rsplit('/', 1)[0]}/{database}"
    command = [str(find().postgres_bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url]
    done = subprocess.run(command, input=f"SET client_min_messages = error;\n{sql}", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{sql}: {done.stderr.strip()}")
    return str(done.stdout).strip()


def _start_keeper(folder: Path) -> None:
    log = folder / "keeper.log"
    with log.open("ab") as output:
        command = [sys.executable, "-m", "tests.support.servers", str(folder)]
        keeper = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
    while not (folder / "servers.json").exists():
        if keeper.poll() is not None:
            raise RuntimeError(f"The test servers did not start:\n{tail(log)}")
        time.sleep(0.02)


def _keep(folder: Path) -> None:
    """Be the keeper: start the servers, wait until the run's process releases its lock, stop them, clean up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write_private(folder / "keeper.pid", str(os.getpid()))
    with start(folder / "data", print, durable=False) as servers:
        write_private(folder / "servers.json", msgspec.json.encode(servers.urls).decode())
        with (folder / "alive").open() as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]))
