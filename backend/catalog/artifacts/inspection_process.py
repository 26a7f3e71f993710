"""Reading a large artifact's structure in a limited process of its own, so that its memory and its time are not the hub's."""

import asyncio
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import msgspec

from backend.catalog.artifacts import errors
from backend.catalog.artifacts.facts import ArtifactFacts
from backend.catalog.artifacts.inspection import LIMIT_BYTES, inspect
from backend.catalog.artifacts.probe import SCRUBBED

CHILD: Final = Path(__file__).parent / "inspection_child.py"
SMALL_BYTES: Final = 1024 * 1024
"""Up to this size a file is read in a thread: JSON takes about 30 times its size while it is read."""
READING_SECONDS: Final = 120
BASE_BYTES: Final = 4 << 30
BYTES_EACH: Final = 40
"""Address space of the child, for each byte of the file."""

_READERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="artifact")


async def inspect_aside(path: Path, limit_bytes: int = LIMIT_BYTES, small_bytes: int = SMALL_BYTES) -> ArtifactFacts:
    """As `inspect`, two files at a time; one of more than `small_bytes` in a child process. Raises what `inspect` raises."""
    return await asyncio.get_running_loop().run_in_executor(_READERS, _inspect, path, limit_bytes, small_bytes)


def _inspect(path: Path, limit_bytes: int, small_bytes: int) -> ArtifactFacts:
    size = path.stat().st_size
    if size <= small_bytes or size > limit_bytes:
        return inspect(path, limit_bytes)
    request = {"path": str(path.absolute()), "limit_bytes": limit_bytes, "seconds": READING_SECONDS, "memory_bytes": BASE_BYTES + BYTES_EACH * size}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD)],
            input=json.dumps(request).encode(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=SCRUBBED,
            cwd="/",
            timeout=READING_SECONDS,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise errors.UnservableArtifact(f"The file could not be read within {READING_SECONDS} s. It is not served; export a smaller model.") from None
    if done.returncode != 0:
        raise errors.UnservableArtifact(
            f"The file of {size:,} bytes takes more memory or time to read than the hub gives. It is not served; export a smaller model, or XGBoost as UBJ."
        )
    return _facts(json.loads(done.stdout))


def _facts(answer: dict[str, Any]) -> ArtifactFacts:
    if "facts" in answer:
        return msgspec.convert(answer["facts"], ArtifactFacts)
    kind = getattr(errors, answer["refused"], errors.UnservableArtifact)
    raise kind(answer["message"], **answer["data"])
