"""Starts the rivals: one worker each, plain predictions of the same model file."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from backend.adapters.processes import free_port
from benchmarks.rivals.environments import environment

HERE = Path(__file__).parent
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MLFLOW_DISABLE_TELEMETRY": "true", "BENTOML_DO_NOT_TRACK": "true", "DO_NOT_TRACK": "true", "GIT_PYTHON_REFRESH": "quiet"}
START_SECONDS = 120.0


class Target(NamedTuple):
    """A request and its address."""

    url: str
    body: bytes
    token: str | None = None


@contextmanager
def rival(name: str, model: Path, row: Sequence[float]) -> Iterator[Target]:
    """Start a server and yield its request; stop it with all its processes at the end."""
    port = free_port()
    folder = model.parent / name
    folder.mkdir()
    command, extra, path, body = COMMANDS[name](environment(name), folder, model, port, row)
    output = folder / "output.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env=os.environ | ONE_THREAD | extra, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        target = Target(f"http://127.0.0.1:{port}{path}", json.dumps(body).encode())
        _wait(target, process, output)
        yield target
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


Started = tuple[list[str], dict[str, str], str, object]


def _mlserver(binaries: Path, folder: Path, model: Path, port: int, row: Sequence[float]) -> Started:
    settings = {"debug": False, "parallel_workers": 0, "host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_endpoint": None}
    named = {"name": "scorer", "implementation": "mlserver_lightgbm.LightGBMModel", "parameters": {"uri": str(model)}}
    (folder / "settings.json").write_text(json.dumps(settings))
    (folder / "model-settings.json").write_text(json.dumps(named))
    body = {"inputs": [{"name": "rows", "shape": [1, len(row)], "datatype": "FP64", "data": [list(row)]}]}
    return [str(binaries / "mlserver"), "start", str(folder)], {}, "/v2/models/scorer/infer", body


def _litserve(binaries: Path, folder: Path, model: Path, port: int, row: Sequence[float]) -> Started:
    return [str(binaries / "python"), str(HERE / "litserve_server.py"), str(model), str(port)], {}, "/predict", {"row": list(row)}


def _bentoml(binaries: Path, folder: Path, model: Path, port: int, row: Sequence[float]) -> Started:
    command = [str(binaries / "bentoml"), "serve", "bentoml_service:Scorer", "--host", "127.0.0.1", "--port", str(port), "--working-dir", str(HERE)]
    return command, {"MODEL": str(model), "BENTOML_HOME": str(folder)}, "/score", {"row": list(row)}


def _mlflow(binaries: Path, folder: Path, model: Path, port: int, row: Sequence[float]) -> Started:
    saved = folder / "model"
    subprocess.run([str(binaries / "python"), str(HERE / "mlflow_model.py"), str(model), str(saved)], check=True, capture_output=True, cwd=folder)
    command = [str(binaries / "mlflow"), "models", "serve", "-m", str(saved), "--env-manager", "local", "-h", "127.0.0.1", "-p", str(port), "-w", "1"]
    return command, {"PATH": f"{binaries}:{os.environ['PATH']}"}, "/invocations", {"inputs": [list(row)]}


COMMANDS = {"mlserver": _mlserver, "litserve": _litserve, "bentoml": _bentoml, "mlflow": _mlflow}


def _wait(target: Target, process: "subprocess.Popen[bytes]", output: Path) -> None:
    request = urllib.request.Request(target.url, target.body, {"Content-Type": "application/json"})
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{target.url} does not answer ({error}):\n{output.read_text(errors='replace')[-2000:]}") from None
            time.sleep(0.2)
