"""The child process that reads the structure of a large artifact: it limits itself, reads, and answers one line of JSON.

Run by path through `python -I`; it takes `{path, limit_bytes, seconds, memory_bytes}` on standard input.
"""

import dataclasses
import json
import resource
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Write `{"facts": …}`, or `{"refused": class, "message": …, "data": …}` to standard output."""
    request = json.loads(sys.stdin.buffer.read())
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    from backend.catalog.artifacts.inspection import inspect  # noqa: PLC0415  found only now: -I leaves the checkout out
    from backend.errors import HubError  # noqa: PLC0415  likewise

    limit(request["seconds"], request["memory_bytes"])
    try:
        found: dict[str, Any] = {"facts": dataclasses.asdict(inspect(Path(request["path"]), request["limit_bytes"]))}
    except HubError as error:
        found = {"refused": type(error).__name__, "message": error.message, "data": error.data}
    sys.stdout.write(json.dumps(found))


def limit(seconds: int, memory_bytes: int) -> None:
    """Limit this process: it writes no files and no core, and its processor time and address space are bounded."""
    limits = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: seconds}
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = memory_bytes
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


if __name__ == "__main__":
    main()
