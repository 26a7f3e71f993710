"""A routed LightGBM prediction on record, beside a Litestar handler that only decodes the same body and answers: what the hub's whole work costs.

Both are one granian process on this machine, called by the same closed loop, in turn, several rounds; the medians count. The hub's worker drains and
explains the log meanwhile, as it does in production, so on few cores the two compete with it. The last line is JSON.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

from backend.adapters.processes import free_port
from benchmarks import load
from demo.dataset import load as load_clients
from tests.support.product import GROUP, ROOT, Product, running


def main() -> None:
    """Print a table and the ratios."""
    parser = argparse.ArgumentParser(prog="make bench-serving", description=__doc__)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=4.0, help="of each run")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    body = json.dumps({"inputs": load_clients()[1].inputs(0)}).encode()
    port = free_port()
    echo = subprocess.Popen([sys.executable, "-m", "benchmarks.echo", str(port)], cwd=ROOT)
    try:
        with running("bench-serving") as hub:
            hub.demo(1)
            _wait(f"http://127.0.0.1:{port}/health")
            _compare(hub, port, body, options)
    finally:
        echo.terminate()
        echo.wait(10)


def _compare(hub: Product, echo_port: int, body: bytes, options: argparse.Namespace) -> None:
    parts = urlsplit(hub.ready["url"])
    host, port = str(parts.hostname), int(parts.port or 80)
    contenders = {
        "tiltyard": (port, load.post(parts.netloc, f"/v1/groups/{GROUP}/predict", body, hub.ready["token"])),
        "echo": (echo_port, load.post(f"127.0.0.1:{echo_port}", "/echo", body)),
    }
    seen: dict[str, list[load.Load]] = {name: [] for name in contenders}
    for target, request in contenders.values():
        load.run(host, target, request, options.connections, 1.0)  # warm
    for _ in range(options.rounds):
        for name, (target, request) in contenders.items():
            seen[name].append(load.run(host, target, request, options.connections, options.seconds))
    figures: dict[str, float] = {}
    print(f"{options.connections} connections, {options.rounds} rounds of {options.seconds:g} s each, in turn; medians")
    for name, runs in seen.items():
        per_second, p50, p99 = (statistics.median(getattr(run, field) for run in runs) for field in ("per_second", "p50_us", "p99_us"))
        print(f"  {name:<10} {per_second:>9,.0f} requests/s   p50 {p50 / 1000:6.2f} ms   p99 {p99 / 1000:6.2f} ms")
        figures |= {f"{name}_per_s": round(per_second, 1), f"{name}_p50_us": round(p50, 1), f"{name}_p99_us": round(p99, 1)}
    print(json.dumps(figures | {"ratio": round(figures["tiltyard_per_s"] / figures["echo_per_s"], 4)}))


def _wait(url: str) -> None:
    for _ in range(200):
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise TimeoutError(url)


if __name__ == "__main__":
    main()
