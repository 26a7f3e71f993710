"""What a training ran on: library versions, processor, threads."""

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

LIBRARIES = ("numpy", "scipy", "scikit-learn", "lightgbm", "pyarrow")
CPU_INFO = Path("/proc/cpuinfo")


def surroundings(threads: int) -> dict[str, Any]:
    """Return the code's and libraries' versions, the processor and the threads, as JSON."""
    return {
        "code": version_of("tiltyard"),
        "python": platform.python_version(),
        "libraries": {name: found for name in LIBRARIES if (found := version_of(name))},
        "processor": _processor(),
        "processors": os.cpu_count(),
        "threads": threads,
        "system": f"{platform.system()} {platform.machine()}",
    }


def version_of(package: str) -> str | None:
    """Return a package's installed version; None where it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    try:
        lines = CPU_INFO.read_text().splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
