"""Compiles a large model's tables in a child process, so that its time and memory do not burden the answering process."""

import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import numpy as np

from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.protocol import Floats, Use
from schemas.catalog import ArtifactKind

CHILD: Final = Path(__file__).parent / "table_child.py"
SECONDS: Final = 600
PASSED_ON: Final = ("PATH", "HOME", "XDG_CACHE_HOME", "NUMBA_CACHE_DIR", "LD_LIBRARY_PATH", "TMPDIR")
"""The child's environment: paths, and no secret."""


def make_tables(kind: ArtifactKind, path: Path, sha256: str, use: Use, background: Floats | None) -> None:
    """Compile the tables that explain the model against `background` [b, f], and store them beside its file. It may take a minute: call it in a thread.

    Raises RuntimeRefused when the child fails.
    """
    rows = None if background is None else np.ascontiguousarray(background, dtype=np.float64)
    request = {"kind": kind, "path": str(path.absolute()), "sha256": sha256, "use": asdict(use), "background": None if rows is None else rows.shape}
    given = {name: os.environ[name] for name in PASSED_ON if name in os.environ} | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-I", str(CHILD)],
            input=json.dumps(request).encode() + b"\n" + (b"" if rows is None else rows.tobytes()),
            capture_output=True,
            env=given,
            cwd="/",
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise RuntimeRefused(f"The tables that explain the model did not compile within {SECONDS} s.") from None
    if done.returncode != 0:
        last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2][:300]
        raise RuntimeRefused(f"The tables that explain the model did not compile: the process ended with {done.returncode}. {last}")
