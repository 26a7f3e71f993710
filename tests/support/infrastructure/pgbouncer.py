"""A real PgBouncer in front of the run's PostgreSQL."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from backend.adapters.processes import free_port
from tests.support.apt import program

CONFIGURATION = """
[databases]
* = host={host} port={server} user={user} password='{password}'
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
ignore_startup_parameters = {ignored}
logfile = {folder}/pgbouncer.log
pidfile = {folder}/pgbouncer.pid
{user_line}
"""


@contextmanager
def pgbouncer(folder: Path, url: str, mode: str, ignored: str = "") -> Iterator[str]:
    """Runs while the context lasts; gives the database's address by it. `ignored` are parameters of a connection that it lets pass unread."""
    folder.chmod(0o777)
    parts, port = urlsplit(url), free_port()
    name, _, password = parts.netloc.rpartition("@")[0].partition(":")
    said = {"folder": folder, "port": port, "mode": mode, "ignored": ignored, "host": parts.hostname, "server": parts.port, "user": unquote(name)}
    file = folder / "pgbouncer.ini"
    file.write_text(CONFIGURATION.format(**said, password=unquote(password), user_line="user = nobody" if os.geteuid() == 0 else ""))
    file.chmod(0o644)
    command = [program("pgbouncer", "pgbouncer"), file]
    with (folder / "out").open("wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        deadline = time.monotonic() + 20
        while "process up" not in (log := _log(folder)):
            assert process.poll() is None, f"{log}{(folder / 'out').read_text()}"
            assert time.monotonic() < deadline, log
            time.sleep(0.05)
        yield urlunsplit(parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{port}"))
    finally:
        process.terminate()
        process.wait(10)


def _log(folder: Path) -> str:
    file = folder / "pgbouncer.log"
    return file.read_text() if file.exists() else ""
