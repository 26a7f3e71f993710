"""The embedded PostgreSQL: create, recover, start, stop."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from backend.adapters.embedded_home import Home, Keys
from backend.adapters.embedded_programs import POSTGRES_MAJOR
from backend.adapters.processes import Progress, SetupError, bare_environment, carries, ports_to_try, shorten, spawn, stop, stop_orphan, tail

DATABASE = "tiltyard"
OWNER = "tiltyard_owner"
SUPERUSER = "postgres"

_STOP = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 5.0))
"""Fast shutdown, then immediate, then SIGKILL. After the last two, the next start replays the write-ahead log."""

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_messages": "warning",
    # The queries are short: compiling them costs more than it saves.
    "jit": "off",
}
_FOR_TESTS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "autovacuum": "off", "shared_buffers": "128MB", "max_connections": "400"}


class EmbeddedPostgres:
    """One cluster and its server process."""

    def __init__(self, home: Home, bin_dir: Path, keys: Keys, *, durable: bool = True) -> None:
        self._home = home
        self._bin = bin_dir
        self._keys = keys
        self._durable = durable
        self._log = home.logs / "postgres.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.port: int | None = None

    @property
    def database_url(self) -> str:
        """The URL for the database's owner, who is no superuser."""
        return f"postgresql://{OWNER}:{self._keys.owner_password}@127.0.0.1:{self.port}/{DATABASE}"

    @property
    def superuser_url(self) -> str:
        """The URL for the cluster's superuser."""
        return f"postgresql://{SUPERUSER}:{self._keys.superuser_password}@127.0.0.1:{self.port}/{SUPERUSER}"

    @property
    def alive(self) -> bool:
        """Whether the server process runs."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int | None:
        """The process id of the server."""
        return self._process.pid if self._process else None

    def start(self, progress: Progress) -> None:
        """Start the server and wait until it answers. Create a missing cluster, and end a server left from an earlier run.

        Raises SetupError with the end of the server's log when it does not start.
        """
        if not self._home.cluster.exists():
            progress("Creating the database cluster")
            self._create_cluster()
        self._check_version()
        self._end_orphan(progress)
        progress("Starting PostgreSQL")
        for port in ports_to_try(self.port, self._keys.postgres_port):
            written = shorten(self._log)
            self._launch(port)
            if self._wait_ready(progress):
                self.port = port
                return
            said = tail(self._log, written)
            if "could not bind" not in said and "shared memory block" not in said:  # a killed server's processes may still be ending
                break
        raise SetupError(f"PostgreSQL did not start. The end of {self._log}:\n{said}")

    def create_database(self) -> None:
        """Create the owner and the database if they are missing. Running it again changes nothing."""
        if not self.query("SELECT 1 FROM pg_roles WHERE rolname = 'tiltyard_owner'"):
            self.query(f"CREATE ROLE {OWNER} LOGIN CREATEROLE NOSUPERUSER PASSWORD '{self._keys.owner_password}'")
        if not self.query("SELECT 1 FROM pg_database WHERE datname = 'tiltyard'"):
            self.query(f"CREATE DATABASE {DATABASE} OWNER {OWNER}")

    def query(self, sql: str, database: str = SUPERUSER) -> str:
        """Run one statement as superuser and return the bare rows. It is given on standard input, so no process list shows its passwords."""
        return self.program("psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", database, stdin=sql).strip()

    def program(self, name: str, *arguments: str, stdin: str = "") -> str:
        """Run one of PostgreSQL's programs against this server as superuser. Return its output."""
        environment = bare_environment(
            PGHOST="127.0.0.1", PGPORT=str(self.port), PGUSER=SUPERUSER, PGPASSWORD=self._keys.superuser_password, PGCONNECT_TIMEOUT="10"
        )
        done = subprocess.run([str(self._bin / name), *arguments], input=stdin, env=environment, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise SetupError(f"{name} failed: {done.stderr.strip()}")
        return done.stdout

    def stop(self) -> None:
        """Shut down cleanly: clients are disconnected, nothing committed is lost."""
        if self._process is not None:
            stop(self._process, _STOP)
            self._process = None

    def _launch(self, port: int) -> None:
        settings = {**_SETTINGS, **({} if self._durable else _FOR_TESTS), "port": str(port)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        argv: list[str | Path] = [self._bin / "postgres", "-D", self._home.cluster, *options]
        self._process = spawn(argv, log=self._log, on_parent_death=signal.SIGINT, user=self._home.user)

    def _wait_ready(self, progress: Progress) -> bool:
        """Wait while the process lives: recovery after a crash may take minutes."""
        started = told = time.monotonic()
        while self.alive:
            pid_file = _read_lines(self._home.cluster / "postmaster.pid")
            if len(pid_file) >= 8 and pid_file[0].strip() == str(self.pid) and pid_file[7].strip() == "ready":
                return True
            if time.monotonic() - told > 5:
                told = time.monotonic()
                progress(f"PostgreSQL is replaying its log after an unclean stop ({told - started:.0f} s)")
            time.sleep(0.02)
        return False

    def _end_orphan(self, progress: Progress) -> None:
        """Stop a server of this cluster that outlived its supervisor. Ignore a pid that now belongs to another process."""
        pid_file = self._home.cluster / "postmaster.pid"
        lines = _read_lines(pid_file)
        if not lines or not lines[0].strip().isdigit():
            return
        pid = int(lines[0])
        if carries(pid, str(self._home.cluster)):
            progress("Stopping the PostgreSQL that an earlier run left behind")
            if not stop_orphan(pid, str(self._home.cluster), _STOP):
                raise SetupError(f"Process {pid} still uses {self._home.cluster} and does not end. Stop it, then start again.")
        pid_file.unlink(missing_ok=True)

    def _create_cluster(self) -> None:
        """Create the cluster under another name and rename it when complete. An interrupted start then begins anew."""
        draft = self._home.cluster.with_name("postgres.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        user = self._home.user
        with tempfile.NamedTemporaryFile("w", prefix="tiltyard-", encoding="utf-8") as password:
            password.write(self._keys.superuser_password + "\n")
            password.flush()
            if user:
                os.chown(draft, user.uid, user.gid)
                os.chown(password.name, user.uid, user.gid)
            process = spawn(
                [
                    self._bin / "initdb",
                    *("-D", draft, "-U", SUPERUSER, f"--pwfile={password.name}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
                    *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-instructions", *([] if self._durable else ["--no-sync"])),
                ],
                log=self._home.logs / "initdb.log",
                on_parent_death=signal.SIGTERM,
                user=user,
            )
            if process.wait() != 0:
                raise SetupError(f"The database cluster could not be created in {draft}. initdb said:\n{tail(self._home.logs / 'initdb.log')}")
        draft.rename(self._home.cluster)

    def _check_version(self) -> None:
        found = (self._home.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
        if found != str(POSTGRES_MAJOR):
            raise SetupError(
                f"The database in {self._home.cluster} was created by PostgreSQL {found}; this release contains {POSTGRES_MAJOR}. "
                "Run `tiltyard backup` with the earlier release, and `tiltyard restore` with this one."
            )


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return []
