"""Reads a large artifact's structure in a limited child process, which keeps its memory and time apart from the hub's."""

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
"""Bytes. Up to this size a thread reads the file: reading JSON takes about 30 times its size."""
READING_SECONDS: Final = 120
BASE_BYTES: Final = 4 << 30
BYTES_EACH: Final = 40
"""Bytes of the child's address space per byte of the file."""

_READERS: Final = ThreadPoolExecutor(max_workers=2, thread_name_prefix="artifact")


async def inspect_aside(path: Path, limit_bytes: int = LIMIT_BYTES, small_bytes: int = SMALL_BYTES) -> ArtifactFacts:
    """Inspect like `inspect`, at most two files at a time. A child process reads files over `small_bytes`. Raises what `inspect` raises."""
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
            f"The file of {size:,} bytes needs more memory or time than the hub allows for reading. "
            "It is not served; export a smaller model, or XGBoost as UBJ."
        )
    return _facts(json.loads(done.stdout))


def _facts(answer: dict[str, Any]) -> ArtifactFacts:
    if "facts" in answer:
        return msgspec.convert(answer["facts"], ArtifactFacts)
    kind = getattr(errors, answer["refused"], errors.UnservableArtifact)
    raise kind(answer["message"], **answer["data"])
