"""The first load of an artifact, in a child process that may crash or hang."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import backend
from backend.catalog.artifacts.errors import ProbeFailed
from backend.catalog.artifacts.facts import ArtifactFacts, ProbeReport

CHILD = Path(backend.__file__).parent / "runtimes" / "probe_child.py"
PROBE_SECONDS = 30
MEMORY_BYTES = 1 << 30
SCRUBBED = {
    "PATH": os.defpath,
    "LC_ALL": "C.UTF-8",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONDONTWRITEBYTECODE": "1",
    "NUMBA_DISABLE_JIT": "1",  # Compiling takes longer than these few rows, and the child cannot write its cache.
}


async def probe(
    path: Path,
    facts: ArtifactFacts,
    median: Sequence[float] | None = None,
    *,
    use: Mapping[str, Any] | None = None,
    samples: Sequence[Sequence[float]] | None = None,
    seconds: int = PROBE_SECONDS,
) -> ProbeReport:
    """Load the inspected artifact in a limited child process and score a few rows.

    `median` is the profile's median row, if known. `use` says how the artifact is used (the fields of `backend.runtimes.protocol.Use`). `samples` [n, features]
    are scored too.
    The child has none of our environment, no network where the system permits namespaces, bounded memory and processor time, and writes no file. After
    `seconds` it is killed with all its children.
    Raises `ProbeFailed` when the model's library crashes, hangs or refuses, or a score is not finite.
    """
    request = {
        "kind": facts.kind.value,
        "path": os.path.abspath(path),  # noqa: PTH100, ASYNC240  text only: nothing is read
        "sha256": facts.sha256,
        "use": use or {},
        "samples": samples,
        "features": facts.features,
        "takes_missing": list(facts.takes_missing),
        "median": None if median is None else list(median),
        "seconds": seconds,
        "memory_bytes": MEMORY_BYTES + 16 * facts.size_bytes,
    }
    code, output = await _run(json.dumps(request).encode(), seconds)
    found = _parse(output)
    if code != 0 or found is None:
        raise ProbeFailed(f"The model's library {_ending(code, seconds)} on this file. It is not served; export the model again.")
    if "error" in found:
        raise ProbeFailed(f"The model did not load and predict: {found['error']}. It is not served; export the model again.")
    return ProbeReport(**found)


async def _run(request: bytes, seconds: int) -> tuple[int | None, bytes]:
    """Return the child's exit code (None when its time ran out and it was killed), and its output."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-I",
        str(CHILD),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env=SCRUBBED,
        cwd="/",
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(seconds):
            output, _ = await child.communicate(request)
        return child.returncode, output
    except TimeoutError:
        return None, b""
    finally:
        _kill(child.pid)
        await child.wait()


def _kill(pid: int) -> None:
    """Kill the child's process group; nothing else is in it."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)


def _parse(output: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(output)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _ending(code: int | None, seconds: int) -> str:
    if code is None or code == -signal.SIGXCPU:
        return f"did not finish within {seconds} s"
    return f"crashed ({signal.Signals(-code).name})" if code < 0 else f"ended with status {code}"
