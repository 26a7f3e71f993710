"""Room on the disk of the embedded servers: predictions stop before it is gone, for a server that cannot write ends."""

import shutil
import time
from pathlib import Path

from backend.errors import Unavailable

RESERVE = 64 * 1024 * 1024
"""Bytes kept free, so that the servers can finish what they have begun and the log can be drained."""
MEASURE_SECONDS = 0.5


class DiskFull(Unavailable):
    """The disk of the hub's servers is full, so nothing can be put on record. Make room; the hub goes on by itself."""


class DiskSpace:
    """How much room the embedded servers have. Servers of one's own see to their disks themselves."""

    def __init__(self, folder: Path | None = None, reserve: int = RESERVE) -> None:
        """`folder` lies on the disk to look at; None: there is nothing to look at."""
        self._folder, self._reserve = folder, reserve
        self._free, self._until = reserve, 0.0

    @classmethod
    def of_servers(cls, data_dir: Path) -> "DiskSpace":
        """The disk of the servers that a data folder holds or points to, if it has any."""
        pointer = data_dir / "servers.path"
        servers = Path(pointer.read_text(encoding="utf-8").strip()) if pointer.exists() else data_dir / "servers"
        return cls(servers if servers.exists() else None)

    def require(self) -> None:
        """Raises DiskFull where less than the reserve is left. Looks at most twice a second."""
        if self._folder is None:
            return
        now = time.monotonic()
        if now >= self._until:
            self._free, self._until = free_bytes(self._folder), now + MEASURE_SECONDS
        if self._free < self._reserve:
            free, reserve = (f"{size / 2**20:.0f} MiB" for size in (self._free, self._reserve))
            raise DiskFull(
                f"The disk of the hub's servers is full: {free} are free, and {reserve} are kept for the servers. "
                "Nothing more is put on record until there is room; the hub then goes on by itself."
            )


def free_bytes(folder: Path) -> int:
    """Bytes that may still be written on a folder's disk."""
    return shutil.disk_usage(folder).free
