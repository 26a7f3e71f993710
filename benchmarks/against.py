"""Serving and draining of this checkout beside an earlier commit's, in one run: `make bench-against BASE=COMMIT`.

Both hubs run at once, each from its own checkout and environment, with the demo's two versions. They are measured in alternating pairs: a closed loop of
predictions (and of explained ones), then the drain of what these left in the intake. The measure is work per second of the measured process's own processor
time (the API process, the worker). On an idle machine that is work per second; on a busy one it is still what a core can do. A ratio is the median over the
pairs of one pair's ratio, ours over the base's. Its lower bound is from the sign test's 95 % interval of the median. The last line is JSON.
"""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import httpx
import numpy as np
import psutil
from scipy import stats

from benchmarks import load, wrk
from demo.dataset import load as load_clients

ROOT = Path(__file__).parent.parent
GROUP, LOG_TABLE = "live_credit_scoring", "inference_log_live_credit_scoring"
BATCH = 50
HOLD = """
import json, sys
from tests.support.product import running
with running("against") as hub:
    hub.demo(200)
    ready = hub.ready
    print(json.dumps({"url": ready["url"], "token": ready["token"], "database": ready["database_url"], "worker": hub.child("workers.main").pid}), flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Side:
    """One hub: its address, and its two processes."""

    url: str
    token: str
    database: str
    api: psutil.Process
    worker: psutil.Process


def main() -> None:
    """Print a line per measure, then the ratios."""
    parser = argparse.ArgumentParser(prog="make bench-against", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="HEAD", help="the commit to measure against")
    parser.add_argument("--alone", action="store_true", help="do all of it with this checkout's hub as both sides, to see that it works")
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--seconds", type=float, default=3.0, help="of each load")
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    wrk.ensure()
    with contextlib.ExitStack() as stack:
        ours = stack.enter_context(hub_of(ROOT))
        if options.alone:
            print("  no base: this checkout's hub stands for both sides, and the ratios say nothing")
        theirs = ours if options.alone else stack.enter_context(hub_of(stack.enter_context(checkout(options.base))))
        seen = measure(ours, theirs, options)
    figures: dict[str, float] = {}
    for name, pairs in seen.items():
        ratios = [one / other for one, other in pairs]
        low = lower_bound(ratios)
        mine, other = (np.median(side) for side in zip(*pairs, strict=True))
        print(f"  {name:<12} ours {mine:>10,.0f}   base {other:>10,.0f}   x {np.median(ratios):.3f} (>= {low:.3f})")
        figures |= {name: round(float(np.median(ratios)), 3), f"{name}_low": round(low, 3)}
    print(json.dumps(figures | {"pairs": options.pairs}))


def measure(ours: Side, theirs: Side, options: argparse.Namespace) -> dict[str, list[tuple[float, float]]]:
    """Return for each measure the pairs of work per processor second: ours, the base's."""
    row = load_clients()[1].inputs(0)
    bodies = {"predict": json.dumps({"inputs": row}).encode(), "explained": json.dumps({"inputs": row, "explain": True}).encode()}
    seen: dict[str, list[tuple[float, float]]] = {}
    for turn in range(options.pairs + 1):
        order = [ours, theirs] if turn % 2 else [theirs, ours]
        for name, body in bodies.items():
            rates = {side.url: serve(side, body, options) for side in order}
            if turn:  # the first turn only warms
                seen.setdefault(name, []).append((rates[ours.url], rates[theirs.url]))
        rates = {side.url: drain(side, options) for side in order}
        if turn:
            seen.setdefault("drain", []).append((rates[ours.url], rates[theirs.url]))
    return seen


def serve(side: Side, body: bytes, options: argparse.Namespace) -> float:
    """Return predictions per second of the API process's own processor time."""
    before, started = busy(side.api), time.monotonic()
    answered = wrk.run(f"{side.url}/v1/groups/{GROUP}/predict", body, side.token, options.connections, options.seconds).per_second
    took = time.monotonic() - started
    spent = busy(side.api) - before
    wait_drained(side)
    return answered * min(took, options.seconds) / spent


def drain(side: Side, options: argparse.Namespace) -> float:
    """Return rows drained, explained and stored per second of the worker's own processor time."""
    side.worker.send_signal(signal.SIGSTOP)
    try:
        before = logged(side)
        asked = fill(side, options.seconds)
    finally:
        spent = busy(side.worker)
        side.worker.send_signal(signal.SIGCONT)
    wait_drained(side)
    while logged(side) < before + asked:
        time.sleep(0.2)
    return asked / (busy(side.worker) - spent)


def fill(side: Side, seconds: float) -> int:
    """Fill the intake and return the number of rows."""
    parts = urlsplit(side.url)
    clients = load_clients()[1]
    body = json.dumps({"inputs": [clients.inputs(index) for index in range(BATCH)]}).encode()
    return (
        load.run(str(parts.hostname), int(parts.port or 80), load.post(parts.netloc, f"/v1/groups/{GROUP}/predict", body, side.token), 4, seconds).requests
        * BATCH
    )


def listening(port: int) -> psutil.Process:
    """Return the process that listens on a port of this machine."""
    (found,) = {one.pid for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port and one.pid}
    return psutil.Process(found)


def busy(process: psutil.Process) -> float:
    """Return the processor time of a process and its children, in seconds."""
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in times)


def logged(side: Side) -> int:
    """Return the number of explained rows in the log."""

    async def count() -> int:
        connection = await asyncpg.connect(side.database)
        try:
            return int(await connection.fetchval(f"SELECT count(explained_at) FROM {LOG_TABLE}"))
        finally:
            await connection.close()

    return asyncio.run(count())


def wait_drained(side: Side) -> None:
    """Wait until nothing waits in the intake. Raises TimeoutError."""
    deadline = time.monotonic() + 300
    with httpx.Client(headers={"Authorization": f"Bearer {side.token}"}, trust_env=False, timeout=30) as http:
        while http.get(f"{side.url}/rpc/system.health").json()["result"]["data"]["intake_backlog"]:
            if time.monotonic() > deadline:
                raise TimeoutError("the backlog is not drained after 300 s")
            time.sleep(0.1)


def lower_bound(ratios: list[float]) -> float:
    """Return the lower end of the 95 % interval of the median by the sign test (Conover, Practical Nonparametric Statistics, 3.2)."""
    return float(sorted(ratios)[max(int(stats.binom.ppf(0.025, len(ratios), 0.5)) - 1, 0)])


@contextlib.contextmanager
def checkout(commit: str) -> Iterator[Path]:
    """Check the commit out into its own folder, with its environment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "base"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(path), commit], cwd=ROOT, check=True)
        try:
            subprocess.run(["make", ".venv/.installed"], cwd=path, check=True, stdout=subprocess.DEVNULL)
            yield path
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(path)], cwd=ROOT, check=False)


@contextlib.contextmanager
def hub_of(folder: Path) -> Iterator[Side]:
    """Start a hub of that checkout, with the demo's group."""
    python = folder / ".venv/bin/python"
    process = subprocess.Popen(
        [str(python), "-c", HOLD], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(folder)}
    )
    assert process.stdin
    assert process.stdout
    try:
        said = json.loads(process.stdout.readline())
        port = urlsplit(said["url"]).port
        yield Side(said["url"], said["token"], said["database"], listening(port or 80), psutil.Process(said["worker"]))
    finally:
        process.stdin.close()
        process.wait(60)


if __name__ == "__main__":
    main()
