"""The processes of a running installation: started, watched, restarted when they die, stopped in order."""

import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import FrameType

from backend.adapters.processes import Progress, SetupError, spawn, stop

_STOP = ((signal.SIGTERM, 15.0), (signal.SIGKILL, 5.0))
_SETTLED = 10.0
"""Seconds. A process that has lived this long is restarted at once, whatever happened before."""
_LONGEST_WAIT = 10.0


class Stopped(BaseException):
    """SIGTERM, SIGINT or SIGHUP arrived. It is no Exception, so that nothing on the way out handles it as a failure."""


@dataclass
class Child:
    """One process and its history."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)
    deaths: int = 0
    again_at: float | None = None


class Supervisor:
    """Starts `python -m …` children that die with us, and restarts those that die alone."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._children: list[Child] = []

    def start(self, name: str, module: str, *arguments: str, environment: Mapping[str, str]) -> None:
        """Start a Python module as a child. Its output goes where ours goes."""
        argv = (sys.executable, "-m", module, *arguments)
        self._children.append(Child(name, argv, environment, _spawn(argv, environment)))

    def check_alive(self) -> None:
        """Check that no child ended during the start. Raises SetupError."""
        for child in self._children:
            code = child.process.poll()
            if code is not None:
                raise SetupError(f"The {child.name} ended with code {code} while starting; its last lines above say why.")

    def tend(self) -> None:
        """Restart children that have died: at once the first time, then after 1, 2, 4, 8, 10 s."""
        now = time.monotonic()
        for child in self._children:
            if child.again_at is None and (code := child.process.poll()) is not None:
                child.deaths = 1 if now - child.started > _SETTLED else child.deaths + 1
                wait = 0.0 if child.deaths == 1 else min(2.0 ** (child.deaths - 2), _LONGEST_WAIT)
                child.again_at = now + wait
                self._progress(f"The {child.name} ended ({_how(code)}); starting it again{f' in {wait:.0f} s' if wait else ''}")
            if child.again_at is not None and now >= child.again_at:
                child.process, child.started, child.again_at = _spawn(child.argv, child.environment), now, None

    def stop(self) -> None:
        """Send SIGTERM to all children, wait for them to finish, then send SIGKILL."""
        for child in self._children:
            if child.process.poll() is None:
                child.process.send_signal(signal.SIGTERM)
        for child in self._children:
            stop(child.process, _STOP)
        self._children.clear()


def stop_on_signals() -> None:
    """Turn the first SIGTERM, SIGINT or SIGHUP into `Stopped` in the main thread. Later signals do not disturb the stop."""
    names = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def handle(number: int, frame: FrameType | None) -> None:
        for name in names:
            signal.signal(name, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    for name in names:
        signal.signal(name, handle)


def _spawn(argv: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    return spawn(argv, log=None, on_parent_death=signal.SIGTERM, env=environment, cwd=".")


def _how(code: int) -> str:
    return f"by {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
