"""wrk, the load generator: one closed loop over kept-alive connections."""

import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

UNITS = {"us": 1.0, "ms": 1e3, "s": 1e6, "m": 60e6}


@dataclass(frozen=True)
class Load:
    """A run's figures. Latencies in microseconds."""

    per_second: float
    p50_us: float
    p99_us: float


def ensure() -> None:
    """Check that wrk exists. Install it by apt if it is missing and we are root. Raises SystemExit."""
    if shutil.which("wrk"):
        return
    if os.geteuid() != 0:
        raise SystemExit("The benchmark needs wrk: install your system's `wrk` package.")
    subprocess.run(["apt-get", "update", "-qq"], check=True)
    subprocess.run(
        ["apt-get", "install", "-y", "-qq", "-o", "DPkg::Lock::Timeout=120", "--no-install-recommends", "wrk"],
        check=True,
        env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"},
    )


def run(url: str, body: bytes, token: str | None, connections: int, seconds: float) -> Load:
    """Post the body for this time over this number of connections. Raises RuntimeError when an answer is no success."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    lines = ['wrk.method = "POST"', f"wrk.body = [==[{body.decode()}]==]", *(f'wrk.headers["{name}"] = "{value}"' for name, value in headers.items())]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "post.lua"
        script.write_text("\n".join(lines))
        command = ["wrk", "-t1", f"-c{connections}", f"-d{max(round(seconds), 1)}s", "--latency", "--timeout", "20s", "-s", str(script), url]
        said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{url}:\n{said}")
    found = re.search(r"Requests/sec:\s+([\d.]+)", said)
    assert found, said
    return Load(float(found[1]), _microseconds(said, "50%"), _microseconds(said, "99%"))


def _microseconds(said: str, quantile: str) -> float:
    found = re.search(rf"{quantile}\s+([\d.]+)(us|ms|s|m)\b", said)
    assert found, said
    return float(found[1]) * UNITS[found[2]]
