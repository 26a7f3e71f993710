"""The child process that loads an untested artifact: it limits itself, loads, predicts, and reports one line of JSON.

Run by path through `python -I`; it reads its request from standard input.
"""

import ctypes
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
BASE_BYTES = 3 << 30
ADDITIVE = 1e-4
UNUSED = ("sklearn", "pandas", "dask", "matplotlib", "graphviz")
"""Libraries that LightGBM and XGBoost import only to wrap: seconds of every probe."""


def main() -> None:
    """Read `{kind, path, sha256, use, samples, features, takes_missing, median, seconds, memory_bytes}`; write the findings, or `{"error": …}`."""
    request = json.loads(sys.stdin.buffer.read())
    answer = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    network = _leave_network()
    blocked: dict[str, Any] = dict.fromkeys(UNUSED)  # an import of None fails at once
    sys.modules.update(blocked)
    _limit(request["seconds"], request["memory_bytes"])
    try:
        found = {"network": network, **_probe(request)}
    except Exception as error:  # any error of a library on this file is the answer
        found = {"error": f"{type(error).__name__}: {error}"[:500]}
    os.write(answer, json.dumps(found).encode())


def _leave_network() -> str:
    """Move into an empty network namespace, as root or through a user namespace, if the system permits it."""
    try:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
    except AttributeError:
        return "open"
    alone = unshare(CLONE_NEWNET) == 0 or unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0
    return "namespace" if alone else "open"


def _limit(seconds: int, memory_bytes: int) -> None:
    """Limit this process: it writes no files and no core, and its processor time and address space are bounded."""
    limits = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0, resource.RLIMIT_CPU: seconds, resource.RLIMIT_NOFILE: 64}
    if sys.platform == "linux":
        limits[resource.RLIMIT_AS] = BASE_BYTES + memory_bytes
    for kind, value in limits.items():
        hard = resource.getrlimit(kind)[1]
        bound = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (bound, bound))


def _probe(request: dict[str, Any]) -> dict[str, Any]:
    import numpy as np  # noqa: PLC0415  after the limits: nothing heavy is loaded outside them

    from backend.runtimes.protocol import Use  # noqa: PLC0415  likewise
    from backend.runtimes.registry import runtime_for  # noqa: PLC0415  likewise

    runtime_type = runtime_for(request["kind"])
    if hasattr(resource, "RLIMIT_NPROC"):
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    started = time.perf_counter()
    runtime = runtime_type.load(Path(request["path"]), request["sha256"], Use(**request["use"]))
    if list(runtime.features) != request["features"]:
        raise ValueError("the loaded model names other features than its file does")
    count = len(runtime.features)
    rows = [np.zeros(count)] if request["median"] is None else [np.array(request["median"], dtype=np.float64), np.zeros(count)]
    takes_missing = request["kind"] in ("lightgbm", "xgboost") or set(request["features"]) <= set(request["takes_missing"])
    matrix = np.array(rows + ([np.full(count, np.nan)] if takes_missing else []))
    scores = runtime.predict(matrix)
    if scores.score.shape != (len(matrix),) or not np.isfinite(scores.score).all():
        raise ValueError(f"{len(matrix)} ordinary rows need as many finite scores, but gave {scores.score.tolist()}")
    alone = [float(runtime.predict(row[None, :]).score[0]) for row in matrix]
    if not np.allclose(alone, scores.score, rtol=1e-5, atol=1e-6):
        raise ValueError("a row scored alone and the same row in a batch differ")
    gap = runtime.additivity(matrix)
    if gap is not None and not gap <= ADDITIVE:
        raise ValueError(f"its contributions differ from its output by {gap:g}")
    samples = np.array(request["samples"] or [], dtype=np.float64).reshape(-1, count)
    answers = runtime.predict(samples).score.tolist() if len(samples) else []
    return {"scores": scores.score.tolist(), "additivity": gap, "sample_scores": answers, "seconds": time.perf_counter() - started}


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    main()
