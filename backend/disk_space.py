"""Free space on the embedded servers' disk. Predictions stop before it runs out, because a server that cannot write ends."""

import shutil
import time
from pathlib import Path

from backend.errors import Unavailable

RESERVE = 64 * 1024 * 1024
"""Bytes kept free, so that the servers can finish their work and the log can be drained."""
MEASURE_SECONDS = 0.5


class DiskFull(Unavailable):
    """The disk of the hub's servers is full, so nothing can be logged. Make room; the hub then continues by itself."""


class DiskSpace:
    """The free space of the embedded servers. External servers guard their disks themselves."""

    def __init__(self, folder: Path | None = None, reserve: int = RESERVE) -> None:
        """`folder` is on the disk to check; None means there is nothing to check."""
        self._folder, self._reserve = folder, reserve
        self._free, self._until = reserve, 0.0

    @classmethod
    def of_servers(cls, data_dir: Path) -> "DiskSpace":
        """Return the disk of the servers that a data folder contains or points to, if any."""
        pointer = data_dir / "servers.path"
        servers = Path(pointer.read_text(encoding="utf-8").strip()) if pointer.exists() else data_dir / "servers"
        return cls(servers if servers.exists() else None)

    def require(self) -> None:
        """Raise DiskFull when less than the reserve is free. It reads the disk at most twice a second."""
        if self._folder is None:
            return
        now = time.monotonic()
        if now >= self._until:
            self._free, self._until = free_bytes(self._folder), now + MEASURE_SECONDS
        if self._free < self._reserve:
            free, reserve = (f"{size / 2**20:.0f} MiB" for size in (self._free, self._reserve))
            raise DiskFull(
                f"The disk of the hub's servers is full: {free} are free, and the servers need a reserve of {reserve}. "
                "Nothing more is logged until there is room. Make room; the hub then continues by itself."
            )


def free_bytes(folder: Path) -> int:
    """Return the bytes that may still be written on a folder's disk."""
    return shutil.disk_usage(folder).free
