"""Child processes that never outlive us, and helpers for users, ports and private files."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

Progress = Callable[[str], None]
"""A function that shows the current step, one line each."""

PORTS = range(20000, 32000)
"""Below the kernels' range for outgoing connections, so that a port stays free while its server restarts."""

_HARMLESS = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
"""Variables that any program may need and that hold no secret."""
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class SetupError(Exception):
    """The installation is not in order. The message says what is wrong and how to fix it."""


@dataclass(frozen=True)
class User:
    """The account of a server."""

    uid: int
    gid: int


def bare_environment(prefix: str | None = None, **given: str) -> dict[str, str]:
    """Return an environment without our secrets, for a program that needs none: a few plain variables, those with `prefix`, and those in `given`."""
    return {name: value for name, value in os.environ.items() if name in _HARMLESS or name.startswith("LC_") or (prefix and name.startswith(prefix))} | given


def spawn(
    argv: Sequence[str | Path],
    *,
    log: Path | None,
    on_parent_death: signal.Signals,
    user: User | None = None,
    env: Mapping[str, str] | None = None,
    cwd: str | Path = "/",
) -> subprocess.Popen[bytes]:
    """Start a child in its own session: a Ctrl-C in the terminal reaches only us, and we stop children in order.

    On Linux the kernel sends the child `on_parent_death` when the calling thread dies, also by kill -9. So call from a thread that lives as long as the child
    should. Without `env` the child gets the bare environment. Output is appended to `log`, or goes where ours goes.
    """
    parent = os.getpid()

    def tie_to_parent() -> None:
        if _libc is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(on_parent_death))
            if os.getppid() != parent:  # the parent died before the line above took effect
                os._exit(1)

    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if log else None
    try:
        return subprocess.Popen(
            [str(part) for part in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=cwd,
            env=bare_environment() if env is None else dict(env),
            start_new_session=True,
            umask=0o077,
            preexec_fn=tie_to_parent,  # two system calls; after the change of user, which would clear the signal
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
    finally:
        if output is not None:
            os.close(output)


def stop(process: subprocess.Popen[bytes], steps: Sequence[tuple[signal.Signals, float]]) -> None:
    """Send each signal in turn and wait its seconds for the process to end."""
    for name, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(name)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def stop_orphan(pid: int, mark: str, steps: Sequence[tuple[signal.Signals, float]]) -> bool:
    """End a process left from an earlier run. Signal it only while its command line contains `mark`. True once it is gone."""
    for name, seconds in steps:
        if not carries(pid, mark):
            return True
        try:
            os.kill(pid, name)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while carries(pid, mark) and time.monotonic() < deadline:
            time.sleep(0.02)
    return not carries(pid, mark)


def carries(pid: int, mark: str) -> bool:
    """Return whether this pid is a live process with `mark` in its command line. A zombie has no command line."""
    if pid <= 1:
        return False
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes() if sys.platform == "linux" else _ps(pid)
    except OSError:
        return False
    return mark.encode() in command


def _ps(pid: int) -> bytes:
    return subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], capture_output=True, check=False).stdout


def free_port(preferred: int | None = None) -> int:
    """Return `preferred` if nothing listens there, else another free port of 127.0.0.1."""
    candidates = [] if preferred is None else [preferred]
    for port in [*candidates, *random.sample(PORTS, 200)]:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise SetupError(f"No free port on 127.0.0.1 between {PORTS.start} and {PORTS.stop}. Close some of the programs that listen there.")


def ports_to_try(current: int | None, last: int | None) -> Iterator[int]:
    """Yield three ports for a server that may fail to start, the last run's port first. With a `current` port, which others know, yield only that."""
    for attempt in range(3):
        if attempt:
            time.sleep(1.0)
        yield current or free_port(last if attempt == 0 else None)


def write_private(path: Path, text: str, user: User | None = None) -> None:
    """Replace a file in one step, synced before it gets its name; mode 0600, owned by `user`."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(descriptor, 0o600)
        if user:
            os.fchown(descriptor, user.uid, user.gid)
        file.write(text)
        file.flush()
        os.fsync(descriptor)
    draft.replace(path)


def tail(path: Path, since: int = 0, lines: int = 12) -> str:
    """Return the last lines that a log gained after its first `since` bytes, for an error message; empty without a log."""
    try:
        with path.open("rb") as file:
            file.seek(max(since, path.stat().st_size - 8192))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def shorten(log: Path, limit: int = 10_000_000) -> int:
    """Set a long log aside as `<name>.1`, so that it never fills the disk. Return its new size in bytes."""
    size = log.stat().st_size if log.exists() else 0
    if size > limit:
        log.replace(log.with_name(log.name + ".1"))
        return 0
    return size
