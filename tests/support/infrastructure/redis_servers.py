"""Servers of Redis's protocol with a test's own settings: Valkey from the wheel, Redis 7.0 from Debian or Ubuntu."""

import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest
import redis

from backend.adapters.embedded_programs import find
from backend.adapters.processes import free_port, spawn, stop, tail

WAITS = ((signal.SIGTERM, 10.0), (signal.SIGKILL, 5.0))


def valkey() -> Path:
    """The program of the embedded server."""
    return find().redis_server


@cache
def system_redis() -> Path:
    """Return the system's `redis-server`. Install it by apt if it is missing and we are root."""
    if not shutil.which("redis-server") and os.geteuid() == 0 and shutil.which("apt-get"):
        apt = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}  # RUNLEVEL=1: the package starts no server
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "redis-server"]):
            subprocess.run(["apt-get", *arguments], env=apt, check=True, capture_output=True)
    found = shutil.which("redis-server")
    if not found:
        pytest.skip("the system has no redis-server: install its package, or run the tests as root where apt can")
    return Path(found)


@contextmanager
def running(program: Path, folder: Path, **settings: str) -> Iterator[str]:
    """Run a server in a folder and yield its address. Settings are written with `_` for `-`."""
    folder.mkdir(exist_ok=True)
    port, password = free_port(), secrets.token_hex(8)
    given = {"bind": "127.0.0.1", "port": str(port), "requirepass": password, "dir": f'"{folder}"', "save": '""', **settings}
    (folder / "server.conf").write_text("".join(f"{name.replace('_', '-')} {value}\n" for name, value in given.items()))
    process = spawn([program, folder / "server.conf"], log=folder / "log", on_parent_death=signal.SIGKILL)
    try:
        with redis.Redis(port=port, password=password) as client:
            deadline = time.monotonic() + 20
            while True:
                try:
                    client.ping()
                    break
                except redis.ConnectionError:
                    assert process.poll() is None, tail(folder / "log")
                    assert time.monotonic() < deadline, tail(folder / "log")
                    time.sleep(0.02)
        yield f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        stop(process, WAITS)
