"""Worker processes for tests."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from backend.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def start_worker(settings: Settings, output: Path, module: str = "tests.support.toy_worker", **environment: str) -> "subprocess.Popen[bytes]":
    """A worker process of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TILTYARD_")}
    given = {
        "TILTYARD_DATABASE_URL": settings.database_url or "",
        "TILTYARD_REDIS_URL": settings.redis_url or "",
        "TILTYARD_SECRET_KEY": settings.secret_key or "",
        "TILTYARD_DATA_DIR": str(settings.data_dir),
        "TILTYARD_KEK": settings.kek or "",
    }
    with output.open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", module], cwd=ROOT, env={**inherited, **given, **environment}, stdout=log, stderr=log)


@contextmanager
def working(settings: Settings, output: Path, **environment: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker with the toy slice, killed at the end of the block."""
    worker = start_worker(settings, output, **environment)
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait(10)
